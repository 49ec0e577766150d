do -- What operators do besides login and logout.
-- hotdesk_refresh DEVICE|EXTENSION [VIA [NODE]]     refreshes the display of the phone, or of each phone where the user is logged in
--   REFRESHING                    at once, or after the phone's call or quiet time, or when it registers
--   NOT_YOURS NODE                only if NODE is given, the node that asks in the background
--   NOWHERE   UNKNOWN_DEVICE   UNKNOWN_USER
writes('hotdesk_refresh', function(tag, args)
  local target, via = required(args[1], 'device or extension'), args[2] or 'redis-cli'
  local is_user = target:match('^%d+$')
  local list = is_user and devices_of(tag, target) or { target }
  if #list == 0 then return not_logged_in(tag, target) end
  if not is_user and not exists(tag, 'device:' .. target) then return reply('UNKNOWN_DEVICE') end
  local owner = not is_user and args[3] and other_owner(tag, target, args[3])
  if owner then return reply('NOT_YOURS', owner) end
  for _, device in ipairs(list) do
    if exists(tag, 'device:' .. device) then
      set(tag, 'device:' .. device, 'refresh', 'pending', 'cause', 'refresh')
      redis.call('HINCRBY', tag .. ':device:' .. device, 'epoch', 1)
      event(tag, 'refresh', 'device', device, 'user', user_on(tag, device) or '', 'via', via, 'outcome', 'wanted')
    end
  end
  return reply('REFRESHING')
end)

-- From now on, emergency calls of the new phone send the old phone's location. The old phone has none, so nobody can log in at it until an
-- operator sets one. The new phone keeps its owner if the old one had none.
local function move_location(tag, old, new)
  local from, to = 'device:' .. old, 'device:' .. new
  for _, field in ipairs({ 'site', 'location', 'elin', 'owner' }) do
    local value = get(tag, from, field) or ''
    if value ~= '' or field ~= 'owner' then put(tag, to, field, value) end
  end
  unset(tag, from, 'location', 'elin', 'owner')
  set(tag, from, 'hotdesk', 'no')
end

-- hotdesk_replace OLD-DEVICE NEW-DEVICE [VIA]     the hardware was replaced: the user of the old phone is logged in at the new one, since
--   the same time. Site, location, emergency number and owner move too.
--   REPLACED EXTENSION
--   FREE                          nobody is logged in at the old phone
--   OCCUPIED EXTENSION            log out the user of the new phone first
--   DRAINING EXTENSION            the old phone is about to be logged out
--   UNKNOWN_DEVICE                one of the two has no record; the old one needs none while a user is logged in at it
--   NOT_A_HOTDESK_PHONE           the new one is not for hot desking, or neither has a location
--   EMERGENCY
writes('hotdesk_replace', function(tag, args)
  local old, new, via = required(args[1], 'old device'), required(args[2], 'new device'), args[3] or 'redis-cli'
  local ext, occupant, had_record = user_on(tag, old), user_on(tag, new), exists(tag, 'device:' .. old)
  if not exists(tag, 'device:' .. new) or not (ext or had_record) then return reply('UNKNOWN_DEVICE') end
  if not ext then return reply('FREE') end
  if occupant then return reply('OCCUPIED', occupant) end
  if had_record and draining(tag, old) then return reply('DRAINING', ext) end
  local location, since = get(tag, 'device:' .. old, 'location', 'since')
  local has_location = had_record and (location or '') ~= ''
  local may_log_in = get(tag, 'device:' .. new, 'hotdesk') == 'yes' and (has_location or for_hotdesking(tag, new))
  if not may_log_in then return reply('NOT_A_HOTDESK_PHONE') end
  if in_emergency(tag, old, via) or in_emergency(tag, new, via) then return reply('EMERGENCY') end
  local _, position = release(tag, old)
  assign(tag, ext, new, position)
  if has_location then move_location(tag, old, new) end
  set_state(tag, old, 'idle', 'moved', via)
  set_state(tag, new, 'active', 'login', via, '', since)
  event(tag, 'replaced', 'device', new, 'user', ext, 'via', via, 'from', old)
  return reply('REPLACED', ext)
end)

-- hotdesk_seat EXTENSION DEVICE [VIA]     restores a login from a copy or an export; a later login is kept
--   SEATED
--   UNCHANGED                     the user is logged in there
--   OCCUPIED EXTENSION            another user is
--   ELSEWHERE DEVICE              the user is logged in at another phone, and secondLogin is not `allow`
--   DENIED disabled|not-allowed   UNKNOWN_USER   UNKNOWN_DEVICE   NOT_A_HOTDESK_PHONE   EMERGENCY
writes('hotdesk_seat', function(tag, args)
  local ext, device, via = required(args[1], 'extension'), required(args[2], 'device'), args[3] or 'redis-cli'
  local barred = reason_barred(tag, ext)
  if barred == 'unknown-extension' then return reply('UNKNOWN_USER') end
  if not exists(tag, 'device:' .. device) then return reply('UNKNOWN_DEVICE') end
  local occupant, elsewhere = user_on(tag, device), without(devices_of(tag, ext), device)
  if occupant then return occupant == ext and reply('UNCHANGED') or reply('OCCUPIED', occupant) end
  if barred then return reply('DENIED', barred) end
  if not for_hotdesking(tag, device) then return reply('NOT_A_HOTDESK_PHONE') end
  if in_emergency(tag, device, via) then return reply('EMERGENCY') end
  if #elsewhere > 0 and get(tag, 'user:' .. ext, 'secondLogin') ~= 'allow' then return reply('ELSEWHERE', elsewhere[1]) end
  -- The phone's record may have been restored too, and then has the time of the login.
  local state, since = get(tag, 'device:' .. device, 'state', 'since')
  assign(tag, ext, device)
  set_state(tag, device, 'active', 'login', via, '', (state == 'active' or state == 'draining') and since or nil)
  event(tag, 'login', 'device', device, 'user', ext, 'via', via, 'reason', 'restored')
  return reply('SEATED')
end)

-- hotdesk_rename OLD NEW VIA [KEY FIELD]…     gives a user another extension, also in each FIELD that still holds the old one
--   RENAMED   EXISTS   UNKNOWN_USER   EMERGENCY
writes('hotdesk_rename', function(tag, args)
  local old, new, via = required(args[1], 'old extension'), required(args[2], 'new extension'), required(args[3], 'via')
  local from, to, list = tag .. ':calls:' .. old, tag .. ':calls:' .. new, devices_of(tag, old)
  local calls, seconds = redis.call('XREVRANGE', from, '+', '-'), redis.call('TTL', from)
  if not exists(tag, 'user:' .. old) then return reply('UNKNOWN_USER') end
  if redis.call('TYPE', tag .. ':user:' .. new).ok ~= 'none' or get(tag, 'users', new) then return reply('EXISTS') end
  for _, device in ipairs(list) do if in_emergency(tag, device, via) then return reply('EMERGENCY') end end
  for _, kind in ipairs({ 'user:', 'messages:' }) do for k, v in pairs(get_all(tag, kind .. old)) do set(tag, kind .. new, k, v) end end
  redis.call('DEL', to)
  for i = #calls, 1, -1 do redis.call('XADD', to, calls[i][1], unpack(calls[i][2])) end
  if seconds > 0 then redis.call('EXPIRE', to, seconds) end
  for _, device in ipairs(list) do
    local state, since, by, why = get(tag, 'device:' .. device, 'state', 'since', 'via', 'reason')
    release(tag, device)
    assign(tag, new, device)
    set_state(tag, device, state or 'active', 'login', state == 'draining' and by or via, why or '', since)
  end
  for i = 4, #args, 2 do if get(tag, args[i], args[i + 1]) == old then set(tag, args[i], args[i + 1], new) end end
  redis.call('DEL', from, tag .. ':user:' .. old, tag .. ':messages:' .. old)
  for _, kind in ipairs({ '', 'wait:', 'seen:', 'familiar:' }) do redis.call('DEL', tag .. ':attempts:' .. kind .. old) end
  set(tag, 'removed', 'user:' .. old, now())
  redis.call('EXPIRE', tag .. ':removed', 30 * 86400)
  event(tag, 'renamed', 'user', new, 'device', table.concat(list, ' '), 'via', via, 'from', old)
  return reply('RENAMED')
end)

local function plain_mac(text) return (text or ''):gsub('[^%x]', ''):lower() end

-- The reply if these fields may not be written to the record of a phone. An entry of `macs` counts while the phone has that address.
local function conflict_of(tag, device, fields)
  local mac, owner = plain_mac(fields.mac), fields.owner or ''
  local holder = mac ~= '' and get(tag, 'macs', mac)
  local is_other = holder and holder ~= device and exists(tag, 'device:' .. holder)
  if is_other and plain_mac(get(tag, 'device:' .. holder, 'mac')) == mac then return reply('MAC_OF', holder) end
  if owner ~= '' and not exists(tag, 'user:' .. owner) then return reply('NO_OWNER', owner) end
end

-- hotdesk_put user|device|site NAME new|known|any [FIELD VALUE]… [by=…]     writes fields of a record; an empty VALUE removes a field
--   SAVED
--   EXISTS                        `new`, but the record exists
--   UNKNOWN                       `known`, but there is no such record
--   MAC_OF DEVICE                 that phone has the MAC address
--   NO_OWNER EXTENSION            the owner is not a user
--   WRONG_TYPE TYPE               another type is at the key of the record
-- Takes no until=, because the last value may look like one.
register('hotdesk_put', function(tag, args)
  local kind, name, expected = required(args[1], 'kind'), required(args[2], 'name'), required(args[3], 'new, known or any')
  if kind ~= 'user' and kind ~= 'device' and kind ~= 'site' then return redis.error_reply('ERR the kind is user, device or site') end
  take_operator(#args % 2 == 0 and args or {})
  local record, fields, names = kind .. ':' .. name, {}, {}
  for i = 4, #args, 2 do fields[args[i]], names[#names + 1] = args[i + 1] or '', args[i] end
  local present = redis.call('TYPE', tag .. ':' .. record).ok
  if present ~= 'hash' and present ~= 'none' then return reply('WRONG_TYPE', present) end
  if expected == 'new' and present == 'hash' then return reply('EXISTS') end
  if expected == 'known' and present == 'none' then return reply('UNKNOWN') end
  local conflict = kind == 'device' and conflict_of(tag, name, fields)
  if conflict then return conflict end
  for field, value in pairs(fields) do put(tag, record, field, value) end
  local is_edit = operator[1] and (#names > 0 or present == 'none')
  if is_edit then event(tag, present == 'none' and 'added' or 'changed', kind, name, 'via', operator.via, 'fields', table.concat(names, ' ')) end
  if kind == 'device' and plain_mac(fields.mac) ~= '' then set(tag, 'macs', plain_mac(fields.mac), name) end
  return reply('SAVED')
end)
end
