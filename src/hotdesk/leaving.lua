-- Logins that end without anybody at the phone. Every node may think that it is time; exactly one acts.

local TURN_SECONDS = 30

-- The node that looks after a phone is the one it is registered at, where that lives and is of the phone's site; else whoever comes
-- first, for some time. Answers the name of the other node, nothing where it is NODE's turn.
local function others_turn(tag, device, node)
  local function alive(name) return name and redis.call('HGET', tag .. ':node:' .. name, 'site') end
  local holder = redis.call('HGET', tag .. ':reg:' .. device, 'node')
  local site, home = alive(holder), redis.call('HGET', tag .. ':device:' .. device, 'site')
  if site and (not home or home == site) then return holder ~= node and holder or nil end
  local turn = redis.call('GET', tag .. ':turn:' .. device)
  if turn and turn ~= node and alive(turn) then return turn end
  redis.call('SET', tag .. ':turn:' .. device, node, 'EX', TURN_SECONDS)
end

-- Nobody is told of what an emergency holds off: it is tried again and again until it may be.
local function leave(tag, device, node, via, reason)
  local holder = others_turn(tag, device, node)
  if holder then return say('NOT_YOURS', holder) end
  local _, emergencies = calls_of(tag, device)
  if emergencies > 0 or held_off(tag, device, via) then return say('EMERGENCY') end
  return say(logout_device(tag, device, 'drain', via, reason))
end

-- A node that was suspended for hours knows nothing of what has become of a site since.
local function home_is(tag, device, reason, moment)
  local home = redis.call('HGET', tag .. ':user:' .. user_on(tag, device), 'home')
  if not home or not exists(tag, 'site:' .. home) then return false end
  local lost, back = unpack(redis.call('HMGET', tag .. ':site:' .. home, 'lost', 'back'))
  if reason == 'home-lost' then return lost and tonumber(lost) == moment end
  return not lost and back and tonumber(back) == moment
end

-- hotdesk_expire DEVICE NODE REASON SINCE LAST-CALL DUE [HOME]     automatic logout, when it is DUE by what NODE has read
--                                                    in the phone's record, SINCE and LAST-CALL; seconds, - where there is none.
--                                                    REASON is max-time, idle-time, daily, home-lost or home-return; with the
--                                                    last two, HOME is `lost` or `back` in the record of the user's home
--   LOGGED_OUT EXTENSION
--   DRAINING CALLS                follows when the last of so many calls has ended
--   BUSY CALLS                    a phone with a call is not idle, and its user goes home only between calls
--   EMERGENCY                     the phone is in an emergency call or in the quiet time after one; ask again
--   OUTDATED                      a record says something else by now, or it is not due by the clock of Redis
--   NOT_YOURS NODE                that node looks after the phone
local function expire(keys, args)
  local tag, device, node, reason = keys[1], must(args[1], 'device'), must(args[2], 'node'), must(args[3], 'reason')
  local since, last_call = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'since', 'lastCall'))
  local is_same = since == must(args[4], 'since') and (last_call or '-') == must(args[5], 'last call')
  local due = tonumber(must(args[6], 'due'))
  if not is_same or not due or tonumber(redis.call('TIME')[1]) < due or not user_on(tag, device) then return say('OUTDATED') end
  local is_of_home = reason == 'home-lost' or reason == 'home-return'
  if is_of_home and not home_is(tag, device, reason, tonumber(must(args[7], 'home'))) then return say('OUTDATED') end
  local calls = calls_of(tag, device)
  if calls > 0 and (reason == 'idle-time' or reason == 'home-return') then return say('BUSY', calls) end
  return leave(tag, device, node, 'automatic', reason)
end

local function why_gone(tag, device)
  local ext = user_on(tag, device)
  if not ext then return nil end
  if not exists(tag, 'device:' .. device) then return 'device-deleted' end
  if not exists(tag, 'user:' .. ext) then return 'user-deleted' end
  local enabled, may = unpack(redis.call('HMGET', tag .. ':user:' .. ext, 'enabled', 'mayHotdesk'))
  return enabled == 'no' and 'disabled' or may == 'no' and 'not-allowed' or nil
end

-- hotdesk_evict DEVICE NODE     logs out who was deleted, disabled or barred, and whoever sits at a phone that was deleted
--   LOGGED_OUT EXTENSION
--   DRAINING CALLS                follows when the last of so many calls has ended
--   EMERGENCY                     the phone is in an emergency call or in the quiet time after one; ask again
--   ALLOWED                       whoever sits there may
--   NOT_YOURS NODE                that node looks after the phone
local function evict(keys, args)
  local tag, device, node = keys[1], must(args[1], 'device'), must(args[2], 'node')
  local reason = why_gone(tag, device)
  if not reason then return say('ALLOWED') end
  return leave(tag, device, node, 'deleted', reason)
end

writes('hotdesk_expire', expire)
writes('hotdesk_evict', evict)
