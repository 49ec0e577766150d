#!lua name=hotdesk
-- Every transition of hot desking, each one atomic step. FCALL <function> 1 {network} <arguments>
-- The one key is the network's hash tag; all keys begin with it. Replies are words, tables are lines.
-- The header above each function is its contract: its arguments, then each reply there is.
-- attempts.lua, nodes.lua, leaving.lua and operators.lua are the rest of this library and use what is declared here.
-- VIA says who asks: redis-cli (default), dial-code, cli, api, console, automatic, deleted.

-- library.ts puts the number of the version here.
local VERSION = 0
local EVENTS_KEPT = 100000

local function must(value, name)
  if not value or value == '' then error({ err = 'ERR missing argument: ' .. name }) end
  return value
end

local function say(...)
  return redis.status_reply(table.concat({ ... }, ' '))
end

-- Fields without a value are left out. What has been done stays done where it cannot be told of: a key of the wrong type, by hand.
local function event(tag, name, ...)
  local given, fields = { ... }, {}
  for i = 1, #given, 2 do
    if given[i + 1] ~= '' then fields[#fields + 1], fields[#fields + 2] = given[i], given[i + 1] end
  end
  local reply = redis.pcall('XADD', tag .. ':events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', name, unpack(fields))
  if type(reply) == 'table' and reply.err then
    redis.log(redis.LOG_WARNING, 'hotdesk: ' .. name .. ' is not among the events of ' .. tag .. ': ' .. reply.err)
  end
end

-- A key of another type is none of ours, as in the copies of the nodes.
local function exists(tag, name)
  return redis.call('TYPE', tag .. ':' .. name).ok == 'hash'
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

-- Tells the nodes which fields of `devices` and `users` were just written, so that they need not read the whole. Who may not
-- publish is not kept from anything: the nodes read more then.
local function told(tag, device, ext)
  redis.pcall('PUBLISH', tag .. ':written', 'devices ' .. device .. ' users ' .. ext)
end

-- The phone's record says what came about and asks for a refresh; `epoch` grows with each wish, so that none is missed.
local function mark(tag, device, state, cause, via, reason)
  if not exists(tag, 'device:' .. device) then return end
  local key, since = tag .. ':device:' .. device, redis.call('TIME')[1]
  redis.call('HSET', key, 'state', state, 'cause', cause, 'via', via, 'reason', reason or '', 'since', since, 'refresh', 'pending')
  redis.call('HINCRBY', key, 'epoch', 1)
end

local function assign(tag, ext, device)
  local list = without(devices_of(tag, ext), device)
  list[#list + 1] = device
  set_devices_of(tag, ext, list)
  redis.call('HSET', tag .. ':devices', device, ext)
  told(tag, device, ext)
end

-- Takes whoever sits there off the phone; answers who it was.
local function release(tag, device)
  local ext = user_on(tag, device)
  if not ext then return nil end
  set_devices_of(tag, ext, without(devices_of(tag, ext), device))
  redis.call('HDEL', tag .. ':devices', device)
  told(tag, device, ext)
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

-- Fields of an event that somebody did not ask for; a person needs no reason.
local function because(reason)
  if reason and reason ~= '' then return 'reason', reason end
end

local function finish_logout(tag, device, cause, via, reason)
  local ext = release(tag, device)
  mark(tag, device, 'idle', cause, via, reason)
  event(tag, 'logout', 'device', device, 'user', ext, 'via', via, because(reason))
  return ext
end

-- Whether the phone is left when its last call ends, and on whose behalf. One that was removed from the network always is.
local function draining(tag, device)
  if not exists(tag, 'device:' .. device) then return true, 'deleted', 'device-deleted' end
  local state, via, reason = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'state', 'via', 'reason'))
  return state == 'draining', via or 'redis-cli', reason or ''
end

-- The quiet time after an emergency call holds off everybody but the person at the phone.
local function held_off(tag, device, via)
  return via ~= 'dial-code' and exists(tag, 'quiet:' .. device)
end

-- A draining phone whose last call has ended is logged out; after an emergency call that may be later.
local function settle(tag, device)
  if not user_on(tag, device) then return false end
  local is_draining, via, reason = draining(tag, device)
  if not is_draining or held_off(tag, device, via) or calls_of(tag, device) > 0 then return false end
  finish_logout(tag, device, 'logout', via, reason)
  return true
end

-- Without a location emergency calls could not be traced.
local function for_hotdesking(tag, device)
  local hotdesk, location = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'hotdesk', 'location'))
  return hotdesk == 'yes' and location and location ~= ''
end

local function refuse_login(tag, ext, device, via, reason, ...)
  event(tag, 'login.denied', 'device', device, 'user', ext, 'via', via, 'reason', reason)
  return say(...)
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
  if not for_hotdesking(tag, device) then
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

local function logout_device(tag, device, how, via, reason)
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
  if how == 'now' then return 'LOGGED_OUT', finish_logout(tag, device, 'now', via, reason) end
  if calls == 0 then return 'LOGGED_OUT', finish_logout(tag, device, 'logout', via, reason) end
  if not draining(tag, device) then
    redis.call('HSET', tag .. ':device:' .. device, 'state', 'draining', 'via', via, 'reason', reason or '')
    event(tag, 'draining', 'device', device, 'user', user_on(tag, device), 'via', via, 'calls', calls, because(reason))
  end
  return 'DRAINING', calls
end

-- hotdesk_logout DEVICE|EXTENSION [drain|now] [VIA]     an extension is logged out wherever it sits
--   LOGGED_OUT EXTENSION
--   DRAINING CALLS                follows when the last of so many calls has ended; `now` does not wait
--   FREE                          nobody sits at the phone; the refresh is sent again
--   NOWHERE                       the user sits nowhere
--   EMERGENCY                     refused: the phone is in an emergency call or in the quiet time after one
--   UNKNOWN_DEVICE   UNKNOWN_USER
local function logout(keys, args)
  local tag, target, how, via = keys[1], must(args[1], 'device or extension'), args[2] or 'drain', args[3] or 'redis-cli'
  if how ~= 'drain' and how ~= 'now' then return redis.error_reply('ERR the second argument is drain or now') end
  if not target:match('^%d+$') then return say(logout_device(tag, target, how, via)) end
  local list = devices_of(tag, target)
  if #list == 0 then return say(exists(tag, 'user:' .. target) and 'NOWHERE' or 'UNKNOWN_USER') end
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
  return say(draining(tag, device) and 'DRAINING' or 'OCCUPIED', ext)
end

-- hotdesk_where EXTENSION
--   AT DEVICE …   NOWHERE   UNKNOWN_USER
local function where(keys, args)
  local tag, ext = keys[1], must(args[1], 'extension')
  local list = devices_of(tag, ext)
  if #list > 0 then return say('AT', unpack(list)) end
  return say(exists(tag, 'user:' .. ext) and 'NOWHERE' or 'UNKNOWN_USER')
end

local function as_table(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function repaired(tag, device, ext, how)
  event(tag, 'repaired', 'device', device, 'user', ext, 'how', how, 'via', 'automatic')
  return 1
end

-- Takes off the list whoever sits elsewhere.
local function repair_user(tag, ext)
  local list, kept, changes = devices_of(tag, ext), {}, 0
  for _, device in ipairs(list) do
    local sitting = user_on(tag, device)
    if sitting == ext then
      kept = without(kept, device)
      kept[#kept + 1] = device
    else
      changes = changes + repaired(tag, device, ext, 'taken-off')
      if not sitting then mark(tag, device, 'idle', 'edited', 'automatic') end
    end
  end
  if #kept == #list then return changes end
  set_devices_of(tag, ext, kept)
  told(tag, list[1], ext)
  return changes
end

local function repair_device(tag, device)
  local ext = user_on(tag, device)
  if not ext then return 0 end
  if not ext:match('^%d+$') then
    redis.call('HDEL', tag .. ':devices', device)
    told(tag, device, ext)
    return repaired(tag, device, ext, 'no-extension')
  end
  local list = devices_of(tag, ext)
  if #without(list, device) < #list then
    local is_there = exists(tag, 'device:' .. device)
    local state = is_there and redis.call('HGET', tag .. ':device:' .. device, 'state')
    if not is_there or state == 'active' or state == 'draining' then return settle(tag, device) and 1 or 0 end
    -- Whoever was given a phone by hand sits there since now.
    mark(tag, device, 'active', 'edited', 'automatic')
    return repaired(tag, device, ext, 'completed')
  end
  assign(tag, ext, device)
  mark(tag, device, 'active', 'edited', 'automatic')
  return repaired(tag, device, ext, 'completed')
end

-- hotdesk_repair [users|devices FIELD]…     the phone's side counts: `devices` says who sits where, `users` is made its mirror;
--                    draining phones without a call are logged out. Named fields alone are looked at, or all.
--   REPAIRED CHANGES   NOTHING
local function repair(keys, args)
  local tag, changes = keys[1], 0
  for i = 1, #args, 2 do changes = changes + (args[i] == 'users' and repair_user or repair_device)(tag, must(args[i + 1], 'field')) end
  if #args == 0 then
    local seats = as_table(redis.call('HGETALL', tag .. ':devices'))
    for ext, list in pairs(as_table(redis.call('HGETALL', tag .. ':users'))) do
      if seats[list] ~= ext then changes = changes + repair_user(tag, ext) end
    end
    local lists = as_table(redis.call('HGETALL', tag .. ':users'))
    for device, ext in pairs(seats) do
      if lists[ext] ~= device or draining(tag, device) then changes = changes + repair_device(tag, device) end
    end
  end
  return changes > 0 and say('REPAIRED', changes) or say('NOTHING')
end

-- hotdesk_version     the version of this library, a number that grows with each change of a contract
local function version()
  return VERSION
end

-- A network that was mistyped would get keys of its own, in a slot where nobody looks for them.
local function in_network(callback)
  return function(keys, args)
    if #keys == 1 and keys[1]:match('^{[%w-]+}$') then return callback(keys, args) end
    return redis.error_reply('ERR the one key is the network in braces: FCALL hotdesk_status 1 {hd}')
  end
end

-- Nobody waits any more for what arrives late, and somebody else may sit there by now. A caller says how long it waits by a last
-- argument: until=<milliseconds since 1970>. Afterwards the reply is LATE, and nothing is changed.
local function in_time(callback)
  return function(keys, args)
    local till = #args > 0 and tonumber(args[#args]:match('^until=(%d+)$'))
    if not till then return callback(keys, args) end
    local seconds, microseconds = unpack(redis.call('TIME'))
    if seconds * 1000 + microseconds / 1000 > till then return say('LATE') end
    args[#args] = nil
    return callback(keys, args)
  end
end

local function writes(name, callback)
  redis.register_function(name, in_network(in_time(callback)))
end

local function reads(name, callback)
  redis.register_function({ function_name = name, callback = in_network(callback), flags = { 'no-writes', 'allow-stale' } })
end

writes('hotdesk_login', login)
writes('hotdesk_logout', logout)
writes('hotdesk_repair', repair)
reads('hotdesk_who', who)
reads('hotdesk_where', where)
-- Programs of other versions ask as well, in whatever form theirs has.
redis.register_function({ function_name = 'hotdesk_version', callback = version, flags = { 'no-writes', 'allow-stale' } })
