-- The lock-out. Counters are keys with a time to live: Redis keeps the time, and no PIN ever comes here.

-- Seconds this counter still locks, 0 when it does not.
local function locked(key, max, lock)
  if (tonumber(redis.call('GET', key)) or 0) < max then return 0 end
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, lock) end
  return math.max(redis.call('TTL', key), 1)
end

local function spend(key, max, window, lock)
  local count = redis.call('INCR', key)
  redis.call('EXPIRE', key, count >= max and lock or window)
  return max - count
end

-- hotdesk_attempt EXTENSION DEVICE [USER-MAX WINDOW LOCK DEVICE-MAX WINDOW LOCK]     times in seconds
-- Spends one attempt of both before the PIN is compared, so that guessing in parallel gains nothing.
--   ALLOWED LEFT                  compare the PIN now; so many attempts are left after this one
--   LOCKED SECONDS                do not compare it
local function attempt(keys, args)
  local tag, ext, device = keys[1], must(args[1], 'extension'), must(args[2], 'device')
  local limits = { 3, 300, 900, 10, 900, 900 }
  for i = 1, 6 do limits[i] = tonumber(args[i + 2]) or limits[i] end
  local user_key, device_key = tag .. ':attempts:' .. ext, tag .. ':attempts:' .. device
  local seconds = math.max(locked(user_key, limits[1], limits[3]), locked(device_key, limits[4], limits[6]))
  if seconds > 0 then
    event(tag, 'login.locked', 'device', device, 'user', ext, 'seconds', seconds)
    return say('LOCKED', seconds)
  end
  local user_left = spend(user_key, limits[1], limits[2], limits[3])
  return say('ALLOWED', math.min(user_left, spend(device_key, limits[4], limits[5], limits[6])))
end

-- hotdesk_forgive EXTENSION DEVICE     the PIN was right: the user's failures are forgotten, the phone gets this attempt back
--   FORGIVEN
local function forgive(keys, args)
  local tag, ext, device_key = keys[1], must(args[1], 'extension'), keys[1] .. ':attempts:' .. must(args[2], 'device')
  redis.call('DEL', tag .. ':attempts:' .. ext)
  if (tonumber(redis.call('GET', device_key)) or 0) > 0 then redis.call('DECR', device_key) end
  return say('FORGIVEN')
end

-- hotdesk_unlock EXTENSION|DEVICE
--   UNLOCKED TARGET   NOT_LOCKED TARGET     its failures are forgotten either way
local function unlock(keys, args)
  local tag, target = keys[1], must(args[1], 'extension or device')
  if redis.call('DEL', tag .. ':attempts:' .. target) == 0 then return say('NOT_LOCKED', target) end
  event(tag, 'unlocked', target:match('^%d+$') and 'user' or 'device', target, 'via', args[2] or 'redis-cli')
  return say('UNLOCKED', target)
end

writes('hotdesk_attempt', attempt)
writes('hotdesk_forgive', forgive)
writes('hotdesk_unlock', unlock)
