#!lua name=hotdesk
-- The transitions of hot desking, each one atomic. FCALL <function> 1 {network} <arguments>
-- The only key is the network's hash tag, with which all its keys begin. Replies are words; tables are lists of lines.
-- The comment above each function is its contract: the arguments, then every reply.
-- This file comes first and declares what the others share. Each other file is one block, so its locals stay its own.
-- VIA names who asked: redis-cli (default), dial-code, cli, api, console, automatic, deleted.

-- The last version listed in library.ts.
local VERSION = 15
local EVENTS_KEPT = 100000

local function must(value, name)
  if not value or value == '' then error({ err = 'ERR missing argument: ' .. name }) end
  return value
end

local function say(...)
  return redis.status_reply(table.concat({ ... }, ' '))
end

-- Fields without a value are left out. If an operator has put another type at the key of the events, the transition still counts.
local function event(tag, name, ...)
  local given, fields = { ... }, {}
  for i = 1, #given, 2 do
    if given[i + 1] ~= '' then fields[#fields + 1], fields[#fields + 2] = given[i], given[i + 1] end
  end
  local reply = redis.pcall('XADD', tag .. ':events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', name, unpack(fields))
  if type(reply) == 'table' and reply.err then
    redis.log(redis.LOG_WARNING, 'hotdesk: event ' .. name .. ' was not added to ' .. tag .. ':events: ' .. reply.err)
  end
end

-- A key of another type counts as missing, as it does in the nodes' copies.
local function exists(tag, name)
  return redis.call('TYPE', tag .. ':' .. name).ok == 'hash'
end

local function as_table(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
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
  return #list == 0 and redis.call('HDEL', tag .. ':users', ext) or redis.call('HSET', tag .. ':users', ext, table.concat(list, ' '))
end

local function nowhere(tag, ext)
  return say(exists(tag, 'user:' .. ext) and 'NOWHERE' or 'UNKNOWN_USER')
end

local function without(list, device)
  local rest = {}
  for _, each in ipairs(list) do if each ~= device then rest[#rest + 1] = each end end
  return rest
end

-- Names the fields of `devices` and `users` that were just written, so that nodes fetch only these. If the caller may not publish, the
-- nodes fetch both hashes.
local function publish_write(tag, device, ext)
  redis.pcall('PUBLISH', tag .. ':written', 'devices ' .. device .. ' users ' .. ext)
end

-- Writes the state of an assignment to the phone's record. The new `epoch` makes the phone's node refresh its display.
-- SINCE is left out for now.
local function mark(tag, device, state, cause, via, reason, since)
  if not exists(tag, 'device:' .. device) then return end
  local key, began = tag .. ':device:' .. device, since or redis.call('TIME')[1]
  -- After an edit by hand the phone's node has asked for the refresh, unless no node was running.
  local is_asked_for = cause == 'edited' and redis.call('HGET', key, 'cause') == 'refresh'
  redis.call('HSET', key, 'state', state, 'cause', cause, 'via', via, 'reason', reason or '', 'since', began)
  if is_asked_for then return end
  redis.call('HSET', key, 'refresh', 'pending')
  redis.call('HINCRBY', key, 'epoch', 1)
end

local function assign(tag, ext, device)
  local list = without(devices_of(tag, ext), device)
  list[#list + 1] = device
  set_devices_of(tag, ext, list)
  redis.call('HSET', tag .. ':devices', device, ext)
  publish_write(tag, device, ext)
end

-- Removes the assignment of a phone. Returns the previous user.
local function release(tag, device)
  local ext = user_on(tag, device)
  if not ext then return nil end
  set_devices_of(tag, ext, without(devices_of(tag, ext), device))
  redis.call('HDEL', tag .. ':devices', device)
  publish_write(tag, device, ext)
  return ext
end

-- Calls and emergency calls of a phone at all living nodes. Entries of an earlier start of a node do not count.
local function calls_of(tag, device)
  local calls, emergencies = 0, 0
  for node, entry in pairs(as_table(redis.call('HGETALL', tag .. ':oncall:' .. device))) do
    local boot, n, e = entry:match('^(%S+) (%d+) (%d+)$')
    if boot and redis.call('HGET', tag .. ':node:' .. node, 'boot') == boot then
      calls, emergencies = calls + tonumber(n), emergencies + tonumber(e)
    end
  end
  return calls, emergencies
end

-- The quiet time after an emergency call stops every change except one by the person at the phone.
local function held_off(tag, device, via)
  return via ~= 'dial-code' and exists(tag, 'quiet:' .. device)
end

local function in_emergency(tag, device, via)
  local _, emergencies = calls_of(tag, device)
  return emergencies > 0 or held_off(tag, device, via)
end

-- Why a user may not be logged in at any phone; nil if they may. The same rule as `reasonBarred` in barred.ts.
local function reason_barred(tag, ext)
  if not exists(tag, 'user:' .. ext) then return 'unknown-extension' end
  local enabled, may = unpack(redis.call('HMGET', tag .. ':user:' .. ext, 'enabled', 'mayHotdesk'))
  return enabled == 'no' and 'disabled' or may == 'no' and 'not-allowed' or nil
end

-- An emergency call from a phone without a location could not be traced.
local function for_hotdesking(tag, device)
  local hotdesk, location = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'hotdesk', 'location'))
  return hotdesk == 'yes' and location and location ~= ''
end

-- Whether the phone is logged out at the end of its last call, who asked for that, and why. A phone without a record always is.
local function draining(tag, device)
  if not exists(tag, 'device:' .. device) then return true, 'deleted', 'device-deleted' end
  local state, via, reason = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'state', 'via', 'reason'))
  return state == 'draining', via or 'redis-cli', reason or ''
end

local function finish_logout(tag, device, cause, via, reason)
  local ext = release(tag, device)
  mark(tag, device, 'idle', cause, via, reason)
  event(tag, 'logout', 'device', device, 'user', ext, 'via', via, 'reason', reason or '')
  return ext
end

-- Logs out a draining phone that has no more calls, unless it is in the quiet time after an emergency call.
local function settle(tag, device)
  if not user_on(tag, device) then return false end
  local is_draining, via, reason = draining(tag, device)
  if not is_draining or held_off(tag, device, via) or calls_of(tag, device) > 0 then return false end
  finish_logout(tag, device, 'logout', via, reason)
  return true
end

-- Replies of hotdesk_logout for one phone.
local function logout_device(tag, device, how, via, reason)
  local ext = user_on(tag, device)
  if not ext then
    if not exists(tag, 'device:' .. device) then return 'UNKNOWN_DEVICE' end
    mark(tag, device, 'idle', 'unchanged', via)
    event(tag, 'unchanged', 'device', device, 'user', '', 'via', via)
    return 'FREE'
  end
  if in_emergency(tag, device, via) then
    event(tag, 'logout.refused', 'device', device, 'user', ext, 'via', via, 'reason', 'emergency')
    return 'EMERGENCY'
  end
  local calls, cause = calls_of(tag, device), how == 'now' and 'now' or 'logout'
  if calls == 0 or how == 'now' then return 'LOGGED_OUT', finish_logout(tag, device, cause, via, reason) end
  if not draining(tag, device) then
    redis.call('HSET', tag .. ':device:' .. device, 'state', 'draining', 'via', via, 'reason', reason or '')
    event(tag, 'draining', 'device', device, 'user', ext, 'via', via, 'calls', calls, 'reason', reason or '')
  end
  return 'DRAINING', calls
end

-- The node that owns the background work on a phone: the node where it is registered, if that is alive and of the phone's site;
-- otherwise the first that asks, for 30 seconds. Returns the other node's name, or nil if NODE owns it.
local function other_owner(tag, device, node)
  local function site_of(name) return name and redis.call('HGET', tag .. ':node:' .. name, 'site') end
  local registered_at, home = redis.call('HGET', tag .. ':reg:' .. device, 'node'), redis.call('HGET', tag .. ':device:' .. device, 'site')
  local site = site_of(registered_at)
  if site and (not home or home == site) then return registered_at ~= node and registered_at or nil end
  local owner = redis.call('GET', tag .. ':turn:' .. device)
  if owner and owner ~= node and site_of(owner) then return owner end
  redis.call('SET', tag .. ':turn:' .. device, node, 'EX', 30)
end

-- A mistyped network would create keys of its own, in a slot that no node reads.
local function register(name, callback, flags)
  redis.register_function({ function_name = name, flags = flags or {}, callback = function(keys, args)
    if #keys == 1 and keys[1]:match('^{[%w-]+}$') then return callback(keys[1], args) end
    return redis.error_reply('ERR the one key is the network in braces: FCALL hotdesk_status 1 {hd}')
  end })
end

local function reads(name, callback)
  register(name, callback, { 'no-writes', 'allow-stale' })
end

-- A caller names the end of its patience in a last argument, until=<milliseconds since 1970>. After that the reply is LATE and nothing
-- changes: nobody waits for the outcome, and the phone may have another user by then.
local function writes(name, callback)
  register(name, function(tag, args)
    local till = #args > 0 and tonumber(args[#args]:match('^until=(%d+)$'))
    if till then
      local seconds, microseconds = unpack(redis.call('TIME'))
      if seconds * 1000 + microseconds / 1000 > till then return say('LATE') end
      args[#args] = nil
    end
    return callback(tag, args)
  end)
end

-- hotdesk_version     the version of this library, which grows with every change. Takes any arguments: other versions ask too.
redis.register_function({ function_name = 'hotdesk_version', callback = function() return VERSION end, flags = { 'no-writes', 'allow-stale' } })
