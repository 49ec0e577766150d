-- What operators ask for beside logins and logouts.

local STATUS = '%-12s %-12s %-9s %-15s %-20s %-9s %-10s %s'

-- Whoever asks may not be allowed to read people's records, which hold the hash of the PIN.
local function name_of(tag, ext)
  local name = redis.pcall('HGET', tag .. ':user:' .. ext, 'name')
  return type(name) == 'string' and name or '-'
end

local function status_row(tag, device, now)
  local site, state, since, refresh = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'site', 'state', 'since', 'refresh'))
  local ext = user_on(tag, device)
  local minutes = tonumber(since) and string.format('%d', (now - tonumber(since)) / 60) or '-'
  return STATUS:format(device, site or '-', ext and (state == 'draining' and state or 'active') or 'idle', ext or '-',
    ext and name_of(tag, ext) or '-', minutes, exists(tag, 'reg:' .. device) and 'yes' or 'no', refresh or '-')
end

-- Names of phones on one page, and the cursor of the next. SCAN shows the names of all keys, those of other networks included: a user
-- without the right to it gets the phones that have a user.
local function page_of_phones(tag, pattern, from)
  local may_scan, prefix, names = redis.acl_check_cmd('SCAN', '0'), tag .. ':device:', {}
  local page = may_scan and redis.call('SCAN', from, 'MATCH', prefix .. pattern, 'COUNT', 1000, 'TYPE', 'hash')
    or redis.call('HSCAN', tag .. ':devices', from, 'MATCH', pattern, 'COUNT', 1000)
  for i = 1, #page[2], may_scan and 1 or 2 do names[#names + 1] = may_scan and page[2][i]:sub(#prefix + 1) or page[2][i] end
  return names, page[1]
end

-- hotdesk_status [PATTERN] [FROM]     a table for people: every phone, or those whose name matches (HD00*). One call looks at some
--   20000 keys and shows some 500 phones, so that Redis is free again within milliseconds; a last line says where to go on.
--   For a user without the right to SCAN: every phone that has a user.
local function status(keys, args)
  local tag, pattern, from = keys[1], args[1] or '*', args[2] or '0'
  local now = tonumber(redis.call('TIME')[1])
  local found, looked = {}, 0
  if pattern:find('[*?%[]') then
    local seen = {}
    repeat
      local names
      names, from = page_of_phones(tag, pattern, from)
      looked = looked + 1
      for _, name in ipairs(names) do
        if not seen[name] then seen[name], found[#found + 1] = true, name end
      end
    until from == '0' or looked == 20 or #found >= 500
  elseif exists(tag, 'device:' .. pattern) then
    found, from = { pattern }, '0'
  end
  table.sort(found)
  local lines = { { ok = STATUS:format('DEVICE', 'SITE', 'STATE', 'USER', 'NAME', 'MINUTES', 'REGISTERED', 'REFRESH') } }
  for _, device in ipairs(found) do lines[#lines + 1] = { ok = status_row(tag, device, now) } end
  if from ~= '0' then lines[#lines + 1] = { ok = "… more: hotdesk_status 1 " .. tag .. " '" .. pattern .. "' " .. from } end
  return lines
end

local function want_refresh(tag, device, via)
  redis.call('HSET', tag .. ':device:' .. device, 'refresh', 'pending', 'cause', 'refresh')
  redis.call('HINCRBY', tag .. ':device:' .. device, 'epoch', 1)
  event(tag, 'refresh', 'device', device, 'user', user_on(tag, device) or '', 'via', via, 'outcome', 'wanted')
end

-- hotdesk_refresh DEVICE|EXTENSION [VIA [NODE]]     the phone, or each where the user sits, fetches what it shows once more
--   REFRESHING                    it follows at once, or after the call or the quiet time it is in, or when it registers
--   NOWHERE                       the user sits nowhere
--   UNKNOWN_DEVICE   UNKNOWN_USER
--   NOT_YOURS NODE                asked for by NODE on nobody's behalf, while that node looks after the phone
local function refresh(keys, args)
  local tag, target, via = keys[1], must(args[1], 'device or extension'), args[2] or 'redis-cli'
  if target:match('^%d+$') then
    local list = devices_of(tag, target)
    if #list == 0 then return say(exists(tag, 'user:' .. target) and 'NOWHERE' or 'UNKNOWN_USER') end
    for _, device in ipairs(list) do if exists(tag, 'device:' .. device) then want_refresh(tag, device, via) end end
    return say('REFRESHING')
  end
  if not exists(tag, 'device:' .. target) then return say('UNKNOWN_DEVICE') end
  local holder = args[3] and others_turn(tag, target, args[3])
  if holder then return say('NOT_YOURS', holder) end
  want_refresh(tag, target, via)
  return say('REFRESHING')
end

-- The new phone takes the old one's place in the list of the user's phones.
local function take_place(tag, ext, old, new)
  local list = devices_of(tag, ext)
  for i, device in ipairs(list) do if device == old then list[i] = new end end
  set_devices_of(tag, ext, list)
  redis.call('HDEL', tag .. ':devices', old)
  redis.call('HSET', tag .. ':devices', new, ext)
  told(tag, old, ext)
  told(tag, new, ext)
end

-- What belongs to the desk and not to the hardware.
local DESK_FIELDS = { 'site', 'location', 'elin', 'owner' }

-- The new phone stands where the old one stood: emergency calls tell that place from now on. The old one stands nowhere, so nobody can
-- log in at it before an operator has set a location. Only an owner of the new phone stays where the old one had none.
local function move_desk(tag, old, new)
  local from, to = tag .. ':device:' .. old, tag .. ':device:' .. new
  for _, field in ipairs(DESK_FIELDS) do
    local value = redis.call('HGET', from, field) or ''
    if value ~= '' then redis.call('HSET', to, field, value) elseif field ~= 'owner' then redis.call('HDEL', to, field) end
  end
  redis.call('HDEL', from, 'location', 'elin', 'owner')
  redis.call('HSET', from, 'hotdesk', 'no')
end

-- hotdesk_replace OLD-DEVICE NEW-DEVICE [VIA]     the phone was swapped: who sat at the old one sits at the new one, since when they did.
--                                                 Site, location, emergency number and owner go with them
--   REPLACED EXTENSION
--   FREE                          nobody sits at the old phone
--   OCCUPIED EXTENSION            somebody sits at the new one, who must be logged out first
--   DRAINING EXTENSION            the old one is about to be logged out
--   EMERGENCY                     one of the two is in an emergency call or in the quiet time after one
--   UNKNOWN_DEVICE                one of the two is not there; an old one that was removed is, while somebody sits at it
--   NOT_A_HOTDESK_PHONE           the new one is not for hot desking, or the two have no location
local function replace(keys, args)
  local tag, old, new, via = keys[1], must(args[1], 'old device'), must(args[2], 'new device'), args[3] or 'redis-cli'
  local ext, sitting, had_record = user_on(tag, old), user_on(tag, new), exists(tag, 'device:' .. old)
  if not exists(tag, 'device:' .. new) or not (ext or had_record) then return say('UNKNOWN_DEVICE') end
  if not ext then return say('FREE') end
  if sitting then return say('OCCUPIED', sitting) end
  if had_record and draining(tag, old) then return say('DRAINING', ext) end
  local has_desk = had_record and (redis.call('HGET', tag .. ':device:' .. old, 'location') or '') ~= ''
  if redis.call('HGET', tag .. ':device:' .. new, 'hotdesk') ~= 'yes' or not (has_desk or for_hotdesking(tag, new)) then
    return say('NOT_A_HOTDESK_PHONE')
  end
  for _, device in ipairs({ old, new }) do
    local _, emergencies = calls_of(tag, device)
    if emergencies > 0 or held_off(tag, device, via) then return say('EMERGENCY') end
  end
  local since = redis.call('HGET', tag .. ':device:' .. old, 'since')
  take_place(tag, ext, old, new)
  if has_desk then move_desk(tag, old, new) end
  mark(tag, old, 'idle', 'moved', via)
  mark(tag, new, 'active', 'login', via)
  if since then redis.call('HSET', tag .. ':device:' .. new, 'since', since) end
  event(tag, 'replaced', 'device', new, 'user', ext, 'via', via, 'from', old)
  return say('REPLACED', ext)
end

-- hotdesk_seat EXTENSION DEVICE [VIA]     puts back a login that a copy or an export has; a later login counts
--   SEATED
--   UNCHANGED                     the user sits there
--   OCCUPIED EXTENSION            somebody else does
--   ELSEWHERE DEVICE              the user sits at another phone, and not at several (secondLogin)
--   DENIED disabled|not-allowed   UNKNOWN_USER   UNKNOWN_DEVICE   NOT_A_HOTDESK_PHONE
--   EMERGENCY                     the phone is in an emergency call or in the quiet time after one
local function seat(keys, args)
  local tag, ext, device, via = keys[1], must(args[1], 'extension'), must(args[2], 'device'), args[3] or 'redis-cli'
  if not exists(tag, 'user:' .. ext) then return say('UNKNOWN_USER') end
  if not exists(tag, 'device:' .. device) then return say('UNKNOWN_DEVICE') end
  local sitting, elsewhere = user_on(tag, device), without(devices_of(tag, ext), device)
  if sitting then return sitting == ext and say('UNCHANGED') or say('OCCUPIED', sitting) end
  local enabled, may, second = unpack(redis.call('HMGET', tag .. ':user:' .. ext, 'enabled', 'mayHotdesk', 'secondLogin'))
  if enabled == 'no' or may == 'no' then return say('DENIED', enabled == 'no' and 'disabled' or 'not-allowed') end
  if not for_hotdesking(tag, device) then return say('NOT_A_HOTDESK_PHONE') end
  local _, emergencies = calls_of(tag, device)
  if emergencies > 0 or held_off(tag, device, via) then return say('EMERGENCY') end
  if #elsewhere > 0 and second ~= 'allow' then return say('ELSEWHERE', elsewhere[1]) end
  local key = tag .. ':device:' .. device
  local state, since = unpack(redis.call('HMGET', key, 'state', 'since'))
  assign(tag, ext, device)
  mark(tag, device, 'active', 'login', via)
  -- A record that was restored as well knows since when.
  if since and (state == 'active' or state == 'draining') then redis.call('HSET', key, 'since', since) end
  event(tag, 'login', 'device', device, 'user', ext, 'via', via, 'reason', 'restored')
  return say('SEATED')
end

local function plain_mac(text)
  return (text or ''):gsub('[^%x]', ''):lower()
end

-- The phone that has a hardware address by `macs`; an entry counts as long as the record of that phone has the address.
local function holder_of(tag, mac)
  local device = redis.call('HGET', tag .. ':macs', mac)
  local key = device and tag .. ':device:' .. device
  return key and redis.call('TYPE', key).ok == 'hash' and plain_mac(redis.call('HGET', key, 'mac')) == mac and device or nil
end

-- Why fields may not be written to the record of a phone.
local function conflict_of(tag, device, fields)
  local mac, owner = plain_mac(fields.mac), fields.owner or ''
  local holder = mac ~= '' and holder_of(tag, mac)
  if holder and holder ~= device then return say('MAC_OF', holder) end
  if owner ~= '' and not exists(tag, 'user:' .. owner) then return say('NO_OWNER', owner) end
end

-- hotdesk_put user|device|site NAME new|known|any [FIELD VALUE]…     writes fields of a record; an empty VALUE takes a field away
--   SAVED
--   EXISTS                        `new`, and there is such a record
--   UNKNOWN                       `known`, and there is none
--   MAC_OF DEVICE                 that phone has the hardware address
--   NO_OWNER EXTENSION            no user is the owner that the phone is given
--   WRONG_TYPE TYPE               something else than a record stands at its key
local function put(keys, args)
  local tag, kind, name, expected = keys[1], must(args[1], 'kind'), must(args[2], 'name'), must(args[3], 'new, known or any')
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
end

-- Seconds since 1970 as 2026-03-29 01:00:00, UTC. Days to a date by Howard Hinnant's civil_from_days.
local function utc(seconds)
  local days, rest = math.floor(seconds / 86400) + 719468, seconds % 86400
  local era = math.floor(days / 146097)
  local day = days - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) - math.floor(day / 146096)) / 365)
  day = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * day + 2) / 153)
  local date = day - math.floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  return ('%04d-%02d-%02d %02d:%02d:%02d'):format(year, month, date, math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60)
end

local HISTORY = '%-19s %-15s %-12s %-15s %s'

local function history_line(id, fields)
  local entry, details = as_table(fields), {}
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    if value ~= '' and name ~= 'event' and name ~= 'device' and name ~= 'user' then details[#details + 1] = name .. ' ' .. value end
  end
  local function shown(value) return value and value ~= '' and value or '-' end
  local time = utc(tonumber(id:match('^%d+')) / 1000)
  return HISTORY:format(time, shown(entry.event), shown(entry.device), shown(entry.user), table.concat(details, ', '))
end

local function concerns(fields, target)
  for i = 1, #fields, 2 do
    local name = fields[i]
    if name == 'device' or name == 'user' or name == 'displaced' or name == 'from' then
      if fields[i + 1] == target or (' ' .. fields[i + 1] .. ' '):find(' ' .. target .. ' ', 1, true) then return true end
    end
  end
  return false
end

-- hotdesk_history [DEVICE|EXTENSION|*] [LINES] [FROM]     what happened, newest first, 50 lines or so many up to 500; times are UTC.
--   One call looks at some 4000 events; where there are older ones a last line says where to go on.
local function history(keys, args)
  local tag, target, most, from = keys[1], args[1] or '*', math.min(tonumber(args[2]) or 50, 500), args[3] or '+'
  local lines, looked, page = { { ok = HISTORY:format('TIME', 'EVENT', 'DEVICE', 'USER', 'DETAILS') } }, 0, nil
  repeat
    page = redis.call('XREVRANGE', tag .. ':events', from, '-', 'COUNT', 500)
    for _, entry in ipairs(page) do
      if #lines > most then break end
      if target == '*' or concerns(entry[2], target) then lines[#lines + 1] = { ok = history_line(entry[1], entry[2]) } end
      from, looked = '(' .. entry[1], looked + 1
    end
  until #page == 0 or #lines > most or looked >= 4000
  if #page > 0 then
    lines[#lines + 1] = { ok = '… older: hotdesk_history 1 ' .. tag .. " '" .. target .. "' " .. most .. " '" .. from .. "'" }
  end
  return lines
end

writes('hotdesk_refresh', refresh)
writes('hotdesk_replace', replace)
writes('hotdesk_seat', seat)
-- A last field may have a text that reads like a time limit.
redis.register_function('hotdesk_put', in_network(put))
reads('hotdesk_status', status)
reads('hotdesk_history', history)
