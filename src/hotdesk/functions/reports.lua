do -- Tables for people: who is logged in where, and what happened.
local STATUS = '%-12s %-12s %-9s %-15s %-20s %-9s %-10s %s'
local HISTORY = '%-19s %-15s %-12s %-15s %s'

local function shown(value) return value and value ~= '' and value or '-' end

local function status_row(tag, device, time)
  local site, state, since, refresh = get(tag, 'device:' .. device, 'site', 'state', 'since', 'refresh')
  local ext = user_on(tag, device)
  -- The caller may lack the right to read users' records, which hold the PIN hash.
  local name = ext and redis.pcall('HGET', tag .. ':user:' .. ext, 'name')
  local minutes = tonumber(since) and ('%d'):format((time - tonumber(since)) / 60) or '-'
  return STATUS:format(device, site or '-', ext and (state == 'draining' and state or 'active') or 'idle', ext or '-',
    type(name) == 'string' and name or '-', minutes, exists(tag, 'reg:' .. device) and 'yes' or 'no', refresh or '-')
end

-- One page of phones, and the cursor of the next. SCAN shows the keys of other networks too; without the right to it, a caller gets only
-- the phones that have a user.
local function page_of_phones(tag, pattern, from)
  local may_scan, prefix, names = redis.acl_check_cmd('SCAN', '0'), tag .. ':device:', {}
  local page = may_scan and redis.call('SCAN', from, 'MATCH', prefix .. pattern, 'COUNT', 1000, 'TYPE', 'hash')
    or redis.call('HSCAN', tag .. ':devices', from, 'MATCH', pattern, 'COUNT', 1000)
  for i = 1, #page[2], may_scan and 1 or 2 do names[#names + 1] = may_scan and page[2][i]:sub(#prefix + 1) or page[2][i] end
  return names, page[1]
end

-- hotdesk_status [PATTERN] [FROM]     a table of all phones, or of those whose name matches PATTERN (HD00*). One call examines about
--   20000 keys and shows about 500 phones, so that Redis is blocked for milliseconds only; a last line shows how to continue.
--   Without the right to SCAN: the phones that have a user.
reads('hotdesk_status', function(tag, args)
  local pattern, from, time = args[1] or '*', args[2] or '0', now()
  local found, pages = {}, 0
  if pattern:find('[*?%[]') then
    local names, seen = nil, {}
    repeat
      names, from = page_of_phones(tag, pattern, from)
      pages = pages + 1
      for _, name in ipairs(names) do if not seen[name] then seen[name], found[#found + 1] = true, name end end
    until from == '0' or pages == 20 or #found >= 500
  elseif exists(tag, 'device:' .. pattern) then
    found, from = { pattern }, '0'
  end
  table.sort(found)
  local lines = { { ok = STATUS:format('DEVICE', 'SITE', 'STATE', 'USER', 'NAME', 'MINUTES', 'REGISTERED', 'REFRESH') } }
  for _, device in ipairs(found) do lines[#lines + 1] = { ok = status_row(tag, device, time) } end
  if from ~= '0' then lines[#lines + 1] = { ok = "… more: hotdesk_status 1 " .. tag .. " '" .. pattern .. "' " .. from } end
  return lines
end)

-- Seconds since 1970 as 2026-03-29 01:00:00, UTC. Redis gives Lua no os.date.
local function utc(seconds)
  local days, rest, year, month = math.floor(seconds / 86400), seconds % 86400, 1970, 1
  local function days_in(y) return (y % 4 == 0 and y % 100 ~= 0 or y % 400 == 0) and 366 or 365 end
  while days >= days_in(year) do days, year = days - days_in(year), year + 1 end
  local months = { 31, days_in(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
  while days >= months[month] do days, month = days - months[month], month + 1 end
  return ('%04d-%02d-%02d %02d:%02d:%02d'):format(year, month, days + 1, math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60)
end

local function history_line(id, fields, entry)
  local details = {}
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    if value ~= '' and name ~= 'event' and name ~= 'device' and name ~= 'user' then details[#details + 1] = name .. ' ' .. value end
  end
  local time = utc(tonumber(id:match('^%d+')) / 1000)
  return HISTORY:format(time, shown(entry.event), shown(entry.device), shown(entry.user), table.concat(details, ', '))
end

local function concerns(entry, target)
  local names = table.concat({ '', entry.device or '', entry.user or '', entry.displaced or '', entry.from or '', '' }, ' ')
  return target == '*' or names:find(' ' .. target .. ' ', 1, true) ~= nil
end

-- hotdesk_history [DEVICE|EXTENSION|*] [LINES] [FROM]     events, newest first; LINES is 50, at most 500. Times are UTC. One call examines
--   about 4000 events; if there are older ones, a last line shows how to continue.
reads('hotdesk_history', function(tag, args)
  local target, most, from = args[1] or '*', math.min(tonumber(args[2]) or 50, 500), args[3] or '+'
  local lines, examined, page = { { ok = HISTORY:format('TIME', 'EVENT', 'DEVICE', 'USER', 'DETAILS') } }, 0, nil
  repeat
    page = redis.call('XREVRANGE', tag .. ':events', from, '-', 'COUNT', 500)
    for _, item in ipairs(page) do
      if #lines > most then break end
      local entry = as_table(item[2])
      if concerns(entry, target) then lines[#lines + 1] = { ok = history_line(item[1], item[2], entry) } end
      from, examined = '(' .. item[1], examined + 1
    end
  until #page == 0 or #lines > most or examined >= 4000
  if #page > 0 then
    lines[#lines + 1] = { ok = '… older: hotdesk_history 1 ' .. tag .. " '" .. target .. "' " .. most .. " '" .. from .. "'" }
  end
  return lines
end)
end
