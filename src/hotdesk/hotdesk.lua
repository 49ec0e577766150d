#!lua name=hotdesk
-- Every transition of hot desking, each one atomic step. FCALL <function> 1 {network} <arguments>
-- The one key is the network's hash tag; all keys begin with it. Replies are words, tables are lines.
-- The header above each function is its contract: its arguments, then each reply there is.
-- attempts.lua and nodes.lua are the rest of this library and use what is declared here.
-- VIA says who asks: redis-cli (default), dial-code, cli, api, console, automatic, deleted.

local VERSION = 1
local EVENTS_KEPT = 10000

local function must(value, name)
  if not value or value == '' then error({ err = 'ERR missing argument: ' .. name }) end
  return value
end

local function say(...)
  return redis.status_reply(table.concat({ ... }, ' '))
end

local function event(tag, name, ...)
  redis.call('XADD', tag .. ':events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', name, ...)
end

local function exists(tag, name)
  return redis.call('EXISTS', tag .. ':' .. name) == 1
end

local function user_on(tag, device)
  return redis.call('HGET', tag .. ':devices', device) or nil
end

local function devices_of(tag, ext)
  local list = {}
  for device in (redis.call('HGET', tag .. ':users', ext) or ''):gmatch('%S+') do list[#list + 1] = device end
  return list
end

local function set_devices_of(tag, ext, list)
  if #list == 0 then return redis.call('HDEL', tag .. ':users', ext) end
  redis.call('HSET', tag .. ':users', ext, table.concat(list, ' '))
end

local function without(list, device)
  local rest = {}
  for _, each in ipairs(list) do if each ~= device then rest[#rest + 1] = each end end
  return rest
end

-- The phone's record says what came about and asks for a refresh; `epoch` grows with each wish, so that none is missed.
local function mark(tag, device, state, cause, via)
  if not exists(tag, 'device:' .. device) then return end
  local key = tag .. ':device:' .. device
  redis.call('HSET', key, 'state', state, 'cause', cause, 'via', via, 'since', redis.call('TIME')[1], 'refresh', 'pending')
  redis.call('HINCRBY', key, 'epoch', 1)
end

local function assign(tag, ext, device)
  local list = without(devices_of(tag, ext), device)
  list[#list + 1] = device
  set_devices_of(tag, ext, list)
  redis.call('HSET', tag .. ':devices', device, ext)
end

-- Takes whoever sits there off the phone; answers who it was.
local function release(tag, device)
  local ext = user_on(tag, device)
  if not ext then return nil end
  set_devices_of(tag, ext, without(devices_of(tag, ext), device))
  redis.call('HDEL', tag .. ':devices', device)
  return ext
end

-- Calls and emergency calls of a phone, over all living nodes. What a node wrote before it was started anew counts no more.
local function calls_of(tag, device)
  local flat, calls, emergencies = redis.call('HGETALL', tag .. ':oncall:' .. device), 0, 0
  for i = 1, #flat, 2 do
    local boot, n, e = flat[i + 1]:match('^(%S+) (%d+) (%d+)$')
    if boot and redis.call('HGET', tag .. ':node:' .. flat[i], 'boot') == boot then
      calls, emergencies = calls + tonumber(n), emergencies + tonumber(e)
    end
  end
  return calls, emergencies
end

local function finish_logout(tag, device, cause, via)
  local ext = release(tag, device)
  mark(tag, device, 'idle', cause, via)
  event(tag, 'logout', 'device', device, 'user', ext, 'via', via)
  return ext
end

-- A draining phone whose last call has ended is logged out, on behalf of whoever asked for it.
local function settle(tag, device)
  local state, via = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'state', 'via'))
  if state ~= 'draining' or not user_on(tag, device) or calls_of(tag, device) > 0 then return false end
  finish_logout(tag, device, 'logout', via or 'redis-cli')
  return true
end

local function refuse_login(tag, ext, device, via, reason, ...)
  event(tag, 'login.denied', 'device', device, 'user', ext, 'via', via, 'reason', reason)
  return say(...)
end

-- The quiet time after an emergency call holds off everybody but the person at the phone.
local function held_off(tag, device, via)
  return via ~= 'dial-code' and exists(tag, 'quiet:' .. device)
end

-- hotdesk_login EXTENSION DEVICE [VIA]     the PIN, where one is asked for, has been checked already
--   LOGGED_IN                     the phone was free
--   MOVED OLD-DEVICE              the user sat elsewhere and has moved
--   DISPLACED OLD-USER [OLD-DEVICE]  somebody else sat here and is out now
--   UNCHANGED                     sat here already; the refresh is sent again
--   ELSEWHERE DEVICE              the user's secondLogin is deny
--   DENIED disabled|not-allowed   UNKNOWN_USER   UNKNOWN_DEVICE   NOT_A_HOTDESK_PHONE
--   EMERGENCY                     the phone is in an emergency call, or in the quiet time after one and not asked at the phone
local function login(keys, args)
  local tag, ext, device, via = keys[1], must(args[1], 'extension'), must(args[2], 'device'), args[3] or 'redis-cli'
  if not exists(tag, 'user:' .. ext) then return refuse_login(tag, ext, device, via, 'unknown-extension', 'UNKNOWN_USER') end
  local enabled, may, second = unpack(redis.call('HMGET', tag .. ':user:' .. ext, 'enabled', 'mayHotdesk', 'secondLogin'))
  if enabled == 'no' then return refuse_login(tag, ext, device, via, 'disabled', 'DENIED', 'disabled') end
  if may == 'no' then return refuse_login(tag, ext, device, via, 'not-allowed', 'DENIED', 'not-allowed') end
  if not exists(tag, 'device:' .. device) then return refuse_login(tag, ext, device, via, 'unknown-device', 'UNKNOWN_DEVICE') end
  local hotdesk, location = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'hotdesk', 'location'))
  if hotdesk ~= 'yes' or not location or location == '' then
    return refuse_login(tag, ext, device, via, 'not-a-hotdesk-phone', 'NOT_A_HOTDESK_PHONE')
  end
  local _, emergencies = calls_of(tag, device)
  if emergencies > 0 or held_off(tag, device, via) then return refuse_login(tag, ext, device, via, 'emergency', 'EMERGENCY') end
  if user_on(tag, device) == ext then
    mark(tag, device, 'active', 'unchanged', via)
    event(tag, 'unchanged', 'device', device, 'user', ext, 'via', via)
    return say('UNCHANGED')
  end
  local elsewhere = devices_of(tag, ext)
  if second == 'deny' and #elsewhere > 0 then return refuse_login(tag, ext, device, via, 'elsewhere', 'ELSEWHERE', elsewhere[1]) end
  if second == 'allow' then elsewhere = {} end
  for _, left in ipairs(elsewhere) do
    release(tag, left)
    mark(tag, left, 'idle', 'moved', via)
  end
  local displaced, from = release(tag, device), table.concat(elsewhere, ' ')
  assign(tag, ext, device)
  mark(tag, device, 'active', displaced and 'displaced' or 'login', via)
  local name = displaced and 'displaced' or (from ~= '' and 'moved' or 'login')
  event(tag, name, 'device', device, 'user', ext, 'via', via, 'displaced', displaced or '', 'from', from)
  if displaced then return from == '' and say('DISPLACED', displaced) or say('DISPLACED', displaced, from) end
  return from == '' and say('LOGGED_IN') or say('MOVED', from)
end

local function logout_device(tag, device, how, via)
  if not user_on(tag, device) then
    if not exists(tag, 'device:' .. device) then return 'UNKNOWN_DEVICE' end
    mark(tag, device, 'idle', 'unchanged', via)
    event(tag, 'unchanged', 'device', device, 'user', '', 'via', via)
    return 'FREE'
  end
  local calls, emergencies = calls_of(tag, device)
  if emergencies > 0 or held_off(tag, device, via) then
    event(tag, 'logout.refused', 'device', device, 'user', user_on(tag, device), 'via', via, 'reason', 'emergency')
    return 'EMERGENCY'
  end
  if how == 'now' then return 'LOGGED_OUT', finish_logout(tag, device, 'now', via) end
  if calls == 0 then return 'LOGGED_OUT', finish_logout(tag, device, 'logout', via) end
  if redis.call('HGET', tag .. ':device:' .. device, 'state') ~= 'draining' then
    redis.call('HSET', tag .. ':device:' .. device, 'state', 'draining', 'via', via)
    event(tag, 'draining', 'device', device, 'user', user_on(tag, device), 'via', via, 'calls', calls)
  end
  return 'DRAINING', calls
end

-- hotdesk_logout DEVICE|EXTENSION [drain|now] [VIA]     an extension is logged out wherever it sits
--   LOGGED_OUT EXTENSION
--   DRAINING CALLS                follows when the last of so many calls has ended; `now` does not wait
--   FREE                          nobody sits there; the refresh is sent again
--   EMERGENCY                     refused: the phone is in an emergency call or in the quiet time after one
--   UNKNOWN_DEVICE   UNKNOWN_USER
local function logout(keys, args)
  local tag, target, how, via = keys[1], must(args[1], 'device or extension'), args[2] or 'drain', args[3] or 'redis-cli'
  if how ~= 'drain' and how ~= 'now' then return redis.error_reply('ERR the second argument is drain or now') end
  if not target:match('^%d+$') then return say(logout_device(tag, target, how, via)) end
  local list = devices_of(tag, target)
  if #list == 0 then return say(exists(tag, 'user:' .. target) and 'FREE' or 'UNKNOWN_USER') end
  local replies = {}
  for _, device in ipairs(list) do
    local word, detail = logout_device(tag, device, how, via)
    replies[word] = word == 'DRAINING' and (replies[word] or 0) + detail or detail or ''
  end
  for _, word in ipairs({ 'EMERGENCY', 'DRAINING', 'LOGGED_OUT' }) do
    if replies[word] then return replies[word] == '' and say(word) or say(word, replies[word]) end
  end
  return say('FREE')
end

-- hotdesk_who DEVICE
--   OCCUPIED EXTENSION   DRAINING EXTENSION   FREE   UNKNOWN_DEVICE
local function who(keys, args)
  local tag, device = keys[1], must(args[1], 'device')
  local ext = user_on(tag, device)
  if not ext then return say(exists(tag, 'device:' .. device) and 'FREE' or 'UNKNOWN_DEVICE') end
  return say(redis.call('HGET', tag .. ':device:' .. device, 'state') == 'draining' and 'DRAINING' or 'OCCUPIED', ext)
end

-- hotdesk_where EXTENSION
--   AT DEVICE …   NOWHERE   UNKNOWN_USER
local function where(keys, args)
  local tag, ext = keys[1], must(args[1], 'extension')
  local list = devices_of(tag, ext)
  if #list > 0 then return say('AT', unpack(list)) end
  return say(exists(tag, 'user:' .. ext) and 'NOWHERE' or 'UNKNOWN_USER')
end

-- hotdesk_status [PATTERN]     a table for people: every phone, or those whose name matches (HD00*), 500 at most
local function status(keys, args)
  local tag = keys[1]
  local prefix, pattern = tag .. ':device:', args[1] or '*'
  local found, now = redis.call('KEYS', prefix .. pattern), tonumber(redis.call('TIME')[1])
  table.sort(found)
  local form = '%-12s %-12s %-9s %-15s %-20s %-9s %-10s %s'
  local lines = { { ok = form:format('DEVICE', 'SITE', 'STATE', 'USER', 'NAME', 'MINUTES', 'REGISTERED', 'REFRESH') } }
  for i = 1, math.min(#found, 500) do
    local device = found[i]:sub(#prefix + 1)
    local site, state, since, refresh = unpack(redis.call('HMGET', found[i], 'site', 'state', 'since', 'refresh'))
    local ext = user_on(tag, device)
    local minutes = tonumber(since) and string.format('%d', (now - tonumber(since)) / 60) or '-'
    lines[#lines + 1] = { ok = form:format(device, site or '-', ext and (state == 'draining' and state or 'active') or 'idle', ext or '-',
      ext and redis.call('HGET', tag .. ':user:' .. ext, 'name') or '-', minutes, exists(tag, 'reg:' .. device) and 'yes' or 'no', refresh or '-') }
  end
  if #found > 500 then lines[#lines + 1] = { ok = '… ' .. #found - 500 .. ' more; name some: hotdesk_status 1 ' .. tag .. ' HD00*' } end
  return lines
end

-- hotdesk_repair     the phone's side counts: `devices` says who sits where, `users` is made its mirror;
--                    draining phones without a call are logged out
--   REPAIRED CHANGES   NOTHING
local function repair(keys)
  local tag, changes = keys[1], 0
  local function repaired(device, ext, how)
    changes = changes + 1
    event(tag, 'repaired', 'device', device, 'user', ext, 'how', how, 'via', 'automatic')
  end
  local flat = redis.call('HGETALL', tag .. ':users')
  for i = 1, #flat, 2 do
    local list, kept = devices_of(tag, flat[i]), {}
    for _, device in ipairs(list) do
      if user_on(tag, device) == flat[i] then kept = without(kept, device) kept[#kept + 1] = device
      else repaired(device, flat[i], 'taken-off') if not user_on(tag, device) then mark(tag, device, 'idle', 'edited', 'automatic') end end
    end
    if #kept ~= #list then set_devices_of(tag, flat[i], kept) end
  end
  flat = redis.call('HGETALL', tag .. ':devices')
  for i = 1, #flat, 2 do
    local device, ext = flat[i], flat[i + 1]
    if not ext:match('^%d+$') then
      redis.call('HDEL', tag .. ':devices', device)
      repaired(device, ext, 'no-extension')
    elseif #without(devices_of(tag, ext), device) == #devices_of(tag, ext) then
      assign(tag, ext, device)
      mark(tag, device, 'active', 'edited', 'automatic')
      repaired(device, ext, 'completed')
    elseif settle(tag, device) then changes = changes + 1 end
  end
  return changes > 0 and say('REPAIRED', changes) or say('NOTHING')
end

-- hotdesk_version     the version of this library, a number that grows with each change of a contract
local function version()
  return VERSION
end

local function reads(name, callback)
  redis.register_function({ function_name = name, callback = callback, flags = { 'no-writes', 'allow-stale' } })
end

redis.register_function('hotdesk_login', login)
redis.register_function('hotdesk_logout', logout)
redis.register_function('hotdesk_repair', repair)
reads('hotdesk_who', who)
reads('hotdesk_where', where)
reads('hotdesk_status', status)
reads('hotdesk_version', version)
