#!lua name=hotdesk
-- The transitions of hot desking, each one atomic. FCALL <function> 1 {network} <arguments>
-- The one key is the network's hash tag, with which all its keys begin. Replies are words; tables are lists of lines.
-- VIA is who asks: redis-cli (default), dial-code, cli, api, console, automatic, deleted.
-- The comment above a function is its contract: its arguments, then every reply. These replies have one meaning everywhere:
--   EMERGENCY                     refused: the phone is in an emergency call, or in its quiet time after one and VIA is not dial-code
--   DRAINING CALLS                the phone is logged out when the last of its CALLS ends
--   NOT_YOURS NODE                refused to the calling node: NODE owns the background work on the phone
--   DENIED disabled|not-allowed   refused by the user's record
--   NOT_A_HOTDESK_PHONE           refused by the phone's record: `hotdesk` is not yes, or it has no location
--   UNKNOWN_USER   UNKNOWN_DEVICE   there is no record
--   NOWHERE                       the user is not logged in
-- This file comes first and declares what the others share. Each other file is one block, so its locals stay its own.

-- The last version listed in library.ts.
local VERSION = 18
local EVENTS_KEPT = 100000

local function required(value, name) return value and value ~= '' and value or error({ err = 'ERR missing argument: ' .. name }) end

-- An empty last word is left out.
local function reply(...)
  local words = { ... }
  if words[#words] == '' then words[#words] = nil end
  return redis.status_reply(table.concat(words, ' '))
end
local function now() return tonumber(redis.call('TIME')[1]) end

local function as_table(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- A field that is absent is false.
local function get(tag, name, ...) return unpack(redis.call('HMGET', tag .. ':' .. name, ...)) end
local function get_all(tag, name) return as_table(redis.call('HGETALL', tag .. ':' .. name)) end
local function set(tag, name, ...) redis.call('HSET', tag .. ':' .. name, ...) end
local function unset(tag, name, ...) redis.call('HDEL', tag .. ':' .. name, ...) end
-- An empty value removes the field.
local function put(tag, name, field, value) if value == '' then unset(tag, name, field) else set(tag, name, field, value) end end
-- A key of another type counts as missing, as it does in the nodes' copies.
local function exists(tag, name) return redis.call('TYPE', tag .. ':' .. name).ok == 'hash' end

-- The person at a command line: a last argument by=USER@HOST. Every event of the call names them. A user at a phone: by=USER@DEVICE=dial-code
local operator = {}
local function take_operator(args)
  local user, host, via = (args[#args] or ''):match('^by=(.+)@([^@=]+)=?([^@]*)$')
  operator = user and { 'by', user, 'host', host, via = via == '' and 'cli' or via } or {}
  if user then args[#args] = nil end
end

-- Empty values are left out. If the key of the events has another type, the transition still counts.
local function event(tag, name, ...)
  local given, fields = { ... }, {}
  for _, each in ipairs(operator) do given[#given + 1] = each end
  for i = 1, #given, 2 do if given[i + 1] ~= '' then fields[#fields + 1], fields[#fields + 2] = given[i], given[i + 1] end end
  local added = redis.pcall('XADD', tag .. ':events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'event', name, unpack(fields))
  if type(added) == 'table' and added.err then
    redis.log(redis.LOG_WARNING, 'hotdesk: event ' .. name .. ' was not added to ' .. tag .. ':events: ' .. added.err)
  end
end

local function user_on(tag, device) return get(tag, 'devices', device) or nil end

local function devices_of(tag, ext)
  local list = {}
  for device in (get(tag, 'users', ext) or ''):gmatch('%S+') do list[#list + 1] = device end
  return list
end

local function set_devices_of(tag, ext, list) put(tag, 'users', ext, table.concat(list, ' ')) end

local function not_logged_in(tag, ext) return reply(exists(tag, 'user:' .. ext) and 'NOWHERE' or 'UNKNOWN_USER') end

-- Also returns the position that DEVICE had.
local function without(list, device)
  local rest, position = {}, nil
  for i, each in ipairs(list) do if each == device then position = position or i else rest[#rest + 1] = each end end
  return rest, position
end

-- Names the fields of `devices` and `users` that were just written, so that nodes fetch only these. If the caller may not publish, they
-- fetch both hashes.
local function publish_write(tag, device, ext)
  redis.pcall('PUBLISH', tag .. ':written', 'devices ' .. device .. ' users ' .. ext)
end

-- Writes the state of an assignment to the phone's record. The new `epoch` makes the phone's node refresh its display.
-- Without SINCE, the present time is used.
local function set_state(tag, device, state, cause, via, reason, since)
  if not exists(tag, 'device:' .. device) then return end
  -- After an edit by hand the phone's node has already requested the refresh, unless no node was running.
  local is_requested = cause == 'edited' and get(tag, 'device:' .. device, 'cause') == 'refresh'
  set(tag, 'device:' .. device, 'state', state, 'cause', cause, 'via', via, 'reason', reason or '', 'since', since or now())
  if is_requested then return end
  set(tag, 'device:' .. device, 'refresh', 'pending')
  redis.call('HINCRBY', tag .. ':device:' .. device, 'epoch', 1)
end

-- POSITION is the phone's place among the user's phones; by default the last.
local function assign(tag, ext, device, position)
  local list = without(devices_of(tag, ext), device)
  table.insert(list, math.min(position or #list + 1, #list + 1), device)
  set_devices_of(tag, ext, list)
  set(tag, 'devices', device, ext)
  publish_write(tag, device, ext)
end

-- Removes the assignment of a phone. Returns the previous user, and the phone's position among their phones.
local function release(tag, device)
  local ext = user_on(tag, device)
  if not ext then return nil end
  local list, position = without(devices_of(tag, ext), device)
  set_devices_of(tag, ext, list)
  unset(tag, 'devices', device)
  publish_write(tag, device, ext)
  return ext, position
end

-- Calls and emergency calls of a phone at all live nodes. Entries of an earlier start of a node do not count.
local function calls_of(tag, device)
  local calls, emergencies = 0, 0
  for node, entry in pairs(get_all(tag, 'oncall:' .. device)) do
    local boot, n, e = entry:match('^(%S+) (%d+) (%d+)$')
    if boot and get(tag, 'node:' .. node, 'boot') == boot then calls, emergencies = calls + tonumber(n), emergencies + tonumber(e) end
  end
  return calls, emergencies
end

-- The quiet time after an emergency call blocks every change except one by the person at the phone.
local function is_quiet(tag, device, via) return via ~= 'dial-code' and exists(tag, 'quiet:' .. device) end

local function in_emergency(tag, device, via)
  local _, emergencies = calls_of(tag, device)
  return emergencies > 0 or is_quiet(tag, device, via)
end

-- Why a user may not be logged in at any phone; nil if they may. The same rule as `reasonBarred` in barred.ts.
local function reason_barred(tag, ext)
  if not exists(tag, 'user:' .. ext) then return 'unknown-extension' end
  local enabled, may = get(tag, 'user:' .. ext, 'enabled', 'mayHotdesk')
  return enabled == 'no' and 'disabled' or may == 'no' and 'not-allowed' or nil
end

-- An emergency call from a phone without a location could not be traced.
local function for_hotdesking(tag, device)
  local hotdesk, location = get(tag, 'device:' .. device, 'hotdesk', 'location')
  return hotdesk == 'yes' and location and location ~= ''
end

-- Whether the phone is logged out at the end of its last call, who requested it, and why. A phone without a record always is.
local function draining(tag, device)
  if not exists(tag, 'device:' .. device) then return true, 'deleted', 'device-deleted' end
  local state, via, reason = get(tag, 'device:' .. device, 'state', 'via', 'reason')
  return state == 'draining', via or 'redis-cli', reason or ''
end

local function finish_logout(tag, device, cause, via, reason)
  local ext = release(tag, device)
  set_state(tag, device, 'idle', cause, via, reason)
  event(tag, 'logout', 'device', device, 'user', ext, 'via', via, 'reason', reason or '')
  return ext
end

-- Logs out a draining phone after its last call, but not in its quiet time.
local function finish_draining(tag, device)
  if not user_on(tag, device) then return false end
  local is_draining, via, reason = draining(tag, device)
  if not is_draining or is_quiet(tag, device, via) or calls_of(tag, device) > 0 then return false end
  finish_logout(tag, device, 'logout', via, reason)
  return true
end

-- Returns a reply of hotdesk_logout for one phone.
local function logout_device(tag, device, how, via, reason)
  local ext = user_on(tag, device)
  if not ext then
    if not exists(tag, 'device:' .. device) then return 'UNKNOWN_DEVICE' end
    set_state(tag, device, 'idle', 'unchanged', via)
    event(tag, 'unchanged', 'device', device, 'via', via)
    return 'FREE'
  end
  if in_emergency(tag, device, via) then
    event(tag, 'logout.refused', 'device', device, 'user', ext, 'via', via, 'reason', 'emergency')
    return 'EMERGENCY'
  end
  local calls = calls_of(tag, device)
  if calls == 0 or how == 'now' then return 'LOGGED_OUT', finish_logout(tag, device, how == 'now' and 'now' or 'logout', via, reason) end
  if not draining(tag, device) then
    set(tag, 'device:' .. device, 'state', 'draining', 'via', via, 'reason', reason or '')
    event(tag, 'draining', 'device', device, 'user', ext, 'via', via, 'calls', calls, 'reason', reason or '')
  end
  return 'DRAINING', calls
end

-- The owner of the background work on a phone is the node where it is registered, if that is alive and of the phone's site; otherwise the
-- first that asks, for 30 seconds. Returns the owner's name, or nil if NODE is the owner.
local function other_owner(tag, device, node)
  local function site_of(name) return name and get(tag, 'node:' .. name, 'site') end
  local registered_at, home = get(tag, 'reg:' .. device, 'node'), get(tag, 'device:' .. device, 'site')
  local site = site_of(registered_at)
  if site and (not home or home == site) then return registered_at ~= node and registered_at or nil end
  local owner = redis.call('GET', tag .. ':turn:' .. device)
  if owner and owner ~= node and site_of(owner) then return owner end
  redis.call('SET', tag .. ':turn:' .. device, node, 'EX', 30)
end

-- A mistyped network would create keys in a slot that no node reads.
local function register(name, callback, flags)
  redis.register_function({ function_name = name, flags = flags or {}, callback = function(keys, args)
    if #keys == 1 and keys[1]:match('^{[%w-]+}$') then return callback(keys[1], args) end
    return redis.error_reply('ERR the one key is the network in braces: FCALL hotdesk_status 1 {hd}')
  end })
end

local function reads(name, callback) register(name, callback, { 'no-writes', 'allow-stale' }) end

-- A caller may set a deadline in a last argument, until=<milliseconds since 1970>. After it the reply is LATE and nothing changes: nobody
-- waits for the outcome, and the phone may have another user by then.
local function writes(name, callback)
  register(name, function(tag, args)
    local deadline = #args > 0 and tonumber(args[#args]:match('^until=(%d+)$'))
    if deadline then
      local seconds, microseconds = unpack(redis.call('TIME'))
      if seconds * 1000 + microseconds / 1000 > deadline then return reply('LATE') end
      args[#args] = nil
    end
    take_operator(args)
    return callback(tag, args)
  end)
end

-- hotdesk_version     the version of this library, which grows with every change. Takes any arguments: other versions ask too.
redis.register_function({
  function_name = 'hotdesk_version', callback = function() return VERSION end, flags = { 'no-writes', 'allow-stale' },
})
