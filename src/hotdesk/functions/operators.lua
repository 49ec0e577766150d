do -- What operators ask for beside login and logout.
local function request_refresh(tag, device, via)
  redis.call('HSET', tag .. ':device:' .. device, 'refresh', 'pending', 'cause', 'refresh')
  redis.call('HINCRBY', tag .. ':device:' .. device, 'epoch', 1)
  event(tag, 'refresh', 'device', device, 'user', user_on(tag, device) or '', 'via', via, 'outcome', 'wanted')
end

-- hotdesk_refresh DEVICE|EXTENSION [VIA [NODE]]     refreshes the display of the phone, or of each phone where the user is logged in
--   REFRESHING                    at once, or after the phone's call or quiet time, or when it registers
--   NOWHERE                       the user is not logged in
--   UNKNOWN_DEVICE   UNKNOWN_USER
--   NOT_YOURS NODE                refused to NODE, which asked in the background: that node owns the phone
writes('hotdesk_refresh', function(tag, args)
  local target, via = must(args[1], 'device or extension'), args[2] or 'redis-cli'
  if target:match('^%d+$') then
    local list = devices_of(tag, target)
    if #list == 0 then return nowhere(tag, target) end
    for _, device in ipairs(list) do if exists(tag, 'device:' .. device) then request_refresh(tag, device, via) end end
    return say('REFRESHING')
  end
  if not exists(tag, 'device:' .. target) then return say('UNKNOWN_DEVICE') end
  local owner = args[3] and other_owner(tag, target, args[3])
  if owner then return say('NOT_YOURS', owner) end
  request_refresh(tag, target, via)
  return say('REFRESHING')
end)

-- Replaces a phone in the assignments; the order of the user's phones stays.
local function swap(tag, ext, old, new)
  local list = devices_of(tag, ext)
  for i, device in ipairs(list) do if device == old then list[i] = new end end
  set_devices_of(tag, ext, list)
  redis.call('HDEL', tag .. ':devices', old)
  redis.call('HSET', tag .. ':devices', new, ext)
  publish_write(tag, old, ext)
  publish_write(tag, new, ext)
end

-- Emergency calls of the new phone send the old one's location from now on. The old phone has none, so nobody can log in at it until an
-- operator sets one. The new phone keeps its owner if the old one had none.
local function move_location(tag, old, new)
  local from, to = tag .. ':device:' .. old, tag .. ':device:' .. new
  for _, field in ipairs({ 'site', 'location', 'elin', 'owner' }) do
    local value = redis.call('HGET', from, field) or ''
    if value ~= '' then redis.call('HSET', to, field, value) elseif field ~= 'owner' then redis.call('HDEL', to, field) end
  end
  redis.call('HDEL', from, 'location', 'elin', 'owner')
  redis.call('HSET', from, 'hotdesk', 'no')
end

-- hotdesk_replace OLD-DEVICE NEW-DEVICE [VIA]     the hardware was replaced: the user of the old phone is logged in at the new one, since
--                                                 the same time. Site, location, emergency number and owner move too
--   REPLACED EXTENSION
--   FREE                          nobody is logged in at the old phone
--   OCCUPIED EXTENSION            log out the user of the new phone first
--   DRAINING EXTENSION            the old phone is about to be logged out
--   EMERGENCY                     one of the two is in an emergency call or in the quiet time after one
--   UNKNOWN_DEVICE                one of the two has no record; the old one needs none while a user is logged in at it
--   NOT_A_HOTDESK_PHONE           the new one is not for hot desking, or neither has a location
writes('hotdesk_replace', function(tag, args)
  local old, new, via = must(args[1], 'old device'), must(args[2], 'new device'), args[3] or 'redis-cli'
  local ext, occupant, had_record = user_on(tag, old), user_on(tag, new), exists(tag, 'device:' .. old)
  if not exists(tag, 'device:' .. new) or not (ext or had_record) then return say('UNKNOWN_DEVICE') end
  if not ext then return say('FREE') end
  if occupant then return say('OCCUPIED', occupant) end
  if had_record and draining(tag, old) then return say('DRAINING', ext) end
  local has_location = had_record and (redis.call('HGET', tag .. ':device:' .. old, 'location') or '') ~= ''
  if redis.call('HGET', tag .. ':device:' .. new, 'hotdesk') ~= 'yes' or not (has_location or for_hotdesking(tag, new)) then
    return say('NOT_A_HOTDESK_PHONE')
  end
  if in_emergency(tag, old, via) or in_emergency(tag, new, via) then return say('EMERGENCY') end
  local since = redis.call('HGET', tag .. ':device:' .. old, 'since')
  swap(tag, ext, old, new)
  if has_location then move_location(tag, old, new) end
  mark(tag, old, 'idle', 'moved', via)
  mark(tag, new, 'active', 'login', via, '', since)
  event(tag, 'replaced', 'device', new, 'user', ext, 'via', via, 'from', old)
  return say('REPLACED', ext)
end)

-- hotdesk_seat EXTENSION DEVICE [VIA]     restores a login from a copy or an export; a later login is kept
--   SEATED
--   UNCHANGED                     the user is logged in there
--   OCCUPIED EXTENSION            another user is
--   ELSEWHERE DEVICE              the user is logged in at another phone, and secondLogin is not `allow`
--   DENIED disabled|not-allowed   UNKNOWN_USER   UNKNOWN_DEVICE   NOT_A_HOTDESK_PHONE
--   EMERGENCY                     the phone is in an emergency call or in the quiet time after one
writes('hotdesk_seat', function(tag, args)
  local ext, device, via = must(args[1], 'extension'), must(args[2], 'device'), args[3] or 'redis-cli'
  local barred = reason_barred(tag, ext)
  if barred == 'unknown-extension' then return say('UNKNOWN_USER') end
  if not exists(tag, 'device:' .. device) then return say('UNKNOWN_DEVICE') end
  local occupant, elsewhere = user_on(tag, device), without(devices_of(tag, ext), device)
  if occupant then return occupant == ext and say('UNCHANGED') or say('OCCUPIED', occupant) end
  if barred then return say('DENIED', barred) end
  if not for_hotdesking(tag, device) then return say('NOT_A_HOTDESK_PHONE') end
  if in_emergency(tag, device, via) then return say('EMERGENCY') end
  local is_bound = #elsewhere > 0 and redis.call('HGET', tag .. ':user:' .. ext, 'secondLogin') ~= 'allow'
  if is_bound then return say('ELSEWHERE', elsewhere[1]) end
  -- The phone's record may have been restored too, and then has the time of the login.
  local state, since = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'state', 'since'))
  assign(tag, ext, device)
  mark(tag, device, 'active', 'login', via, '', (state == 'active' or state == 'draining') and since or nil)
  event(tag, 'login', 'device', device, 'user', ext, 'via', via, 'reason', 'restored')
  return say('SEATED')
end)

local function plain_mac(text)
  return (text or ''):gsub('[^%x]', ''):lower()
end

-- The reply if these fields may not be written to the record of a phone. An entry of `macs` counts while the phone has that address.
local function conflict_of(tag, device, fields)
  local mac, owner = plain_mac(fields.mac), fields.owner or ''
  local holder = mac ~= '' and redis.call('HGET', tag .. ':macs', mac)
  local is_other = holder and holder ~= device and exists(tag, 'device:' .. holder)
  if is_other and plain_mac(redis.call('HGET', tag .. ':device:' .. holder, 'mac')) == mac then return say('MAC_OF', holder) end
  if owner ~= '' and not exists(tag, 'user:' .. owner) then return say('NO_OWNER', owner) end
end

-- hotdesk_put user|device|site NAME new|known|any [FIELD VALUE]…     writes fields of a record; an empty VALUE removes a field
--   SAVED
--   EXISTS                        `new`, but the record exists
--   UNKNOWN                       `known`, but there is no such record
--   MAC_OF DEVICE                 that phone has the MAC address
--   NO_OWNER EXTENSION            the owner is not a user
--   WRONG_TYPE TYPE               another type is at the key of the record
-- Takes no until=, because the last value may look like one.
register('hotdesk_put', function(tag, args)
  local kind, name, expected = must(args[1], 'kind'), must(args[2], 'name'), must(args[3], 'new, known or any')
  if kind ~= 'user' and kind ~= 'device' and kind ~= 'site' then return redis.error_reply('ERR the kind is user, device or site') end
  local key, fields = tag .. ':' .. kind .. ':' .. name, {}
  for i = 4, #args, 2 do fields[args[i]] = args[i + 1] or '' end
  local present = redis.call('TYPE', key).ok
  if present ~= 'hash' and present ~= 'none' then return say('WRONG_TYPE', present) end
  if expected == 'new' and present == 'hash' then return say('EXISTS') end
  if expected == 'known' and present == 'none' then return say('UNKNOWN') end
  local conflict = kind == 'device' and conflict_of(tag, name, fields)
  if conflict then return conflict end
  for field, value in pairs(fields) do
    if value == '' then redis.call('HDEL', key, field) else redis.call('HSET', key, field, value) end
  end
  if kind == 'device' and plain_mac(fields.mac) ~= '' then redis.call('HSET', tag .. ':macs', plain_mac(fields.mac), name) end
  return say('SAVED')
end)
end
