-- What operators ask for beside logins and logouts.

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

-- hotdesk_replace OLD-DEVICE NEW-DEVICE [VIA]     the phone was swapped: who sat at the old one sits at the new one, since when they did
--   REPLACED EXTENSION
--   FREE                          nobody sits at the old phone
--   OCCUPIED EXTENSION            somebody sits at the new one, who must be logged out first
--   DRAINING EXTENSION            the old one is about to be logged out
--   EMERGENCY                     one of the two is in an emergency call or in the quiet time after one
--   UNKNOWN_DEVICE                one of the two is not there; an old one that was removed is, while somebody sits at it
--   NOT_A_HOTDESK_PHONE           the new one is not for hot desking, or has no location
local function replace(keys, args)
  local tag, old, new, via = keys[1], must(args[1], 'old device'), must(args[2], 'new device'), args[3] or 'redis-cli'
  local ext, sitting, had_record = user_on(tag, old), user_on(tag, new), exists(tag, 'device:' .. old)
  if not exists(tag, 'device:' .. new) or not (ext or had_record) then return say('UNKNOWN_DEVICE') end
  if not ext then return say('FREE') end
  if sitting then return say('OCCUPIED', sitting) end
  if had_record and draining(tag, old) then return say('DRAINING', ext) end
  if not for_hotdesking(tag, new) then return say('NOT_A_HOTDESK_PHONE') end
  for _, device in ipairs({ old, new }) do
    local _, emergencies = calls_of(tag, device)
    if emergencies > 0 or held_off(tag, device, via) then return say('EMERGENCY') end
  end
  local since = redis.call('HGET', tag .. ':device:' .. old, 'since')
  take_place(tag, ext, old, new)
  mark(tag, old, 'idle', 'moved', via)
  mark(tag, new, 'active', 'login', via)
  if since then redis.call('HSET', tag .. ':device:' .. new, 'since', since) end
  event(tag, 'replaced', 'device', new, 'user', ext, 'via', via, 'from', old)
  return say('REPLACED', ext)
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

-- hotdesk_history [DEVICE|EXTENSION|*] [LINES]     what happened, newest first, 50 lines or so many up to 500; times are UTC
local function history(keys, args)
  local stream, target, most = keys[1] .. ':events', args[1] or '*', math.min(tonumber(args[2]) or 50, 500)
  local lines, from = { { ok = HISTORY:format('TIME', 'EVENT', 'DEVICE', 'USER', 'DETAILS') } }, '+'
  repeat
    local page = redis.call('XREVRANGE', stream, from, '-', 'COUNT', 500)
    for _, entry in ipairs(page) do
      if #lines <= most and (target == '*' or concerns(entry[2], target)) then lines[#lines + 1] = { ok = history_line(entry[1], entry[2]) } end
      from = '(' .. entry[1]
    end
  until #page == 0 or #lines > most
  return lines
end

redis.register_function('hotdesk_refresh', refresh)
redis.register_function('hotdesk_replace', replace)
reads('hotdesk_history', history)
