-- The lock-out. Counters are keys with a time to live: Redis keeps the time, and no PIN ever comes here.
--   attempts:USER:DEVICE        wrong PINs for this user at this phone; when it is full its time to live is the lock
--   attempts:day:USER:DEVICE    the same over a day
--   attempts:DEVICE             wrong PINs at this phone, for any user; attempts:day:DEVICE over a day
--   attempts:USER               wrong PINs over a day at unfamiliar phones, those where the user has not typed the right PIN lately
--   attempts:wait:USER          unfamiliar phones have to wait
--   attempts:familiar:USER      phones where the right PIN was typed: phone → time of day, in seconds since 1970
--   attempts:seen:USER          phones counted for this user, attempts:seen:DEVICE users counted at this phone: a counter of the
--                               pair is valid while both have it, so that deleting one forgives all of its pairs
-- A user who does not exist is counted under a name that begins with `?`, which no event shows: what was typed may be a PIN.

local DAY, FAMILIAR_DAYS, FAMILIAR_MOST = 86400, 30, 10
local FIRST_WAIT, LONGEST_WAIT = 10, 1800

-- In the order of the arguments.
local LIMITS = {
  { 'failures', 3 }, { 'window', 300 }, { 'lock', 900 },
  { 'device_failures', 10 }, { 'device_window', 900 }, { 'device_lock', 900 },
  { 'per_phone', 10 }, { 'free', 20 }, { 'per_day', 40 }, { 'device_per_day', 50 },
}

local function limits_of(args)
  local limits = {}
  for i, limit in ipairs(LIMITS) do limits[limit[1]] = tonumber(args[i + 2]) or limit[2] end
  return limits
end

local function names_of(tag, ext, device)
  local function name(...) return tag .. ':attempts:' .. table.concat({ ... }, ':') end
  return {
    pair = name(ext, device), pair_day = name('day', ext, device), device = name(device), device_day = name('day', device),
    user = name(ext), wait = name('wait', ext), familiar = name('familiar', ext), phones = name('seen', ext), users = name('seen', device),
  }
end

local function count_of(key)
  return tonumber(redis.call('GET', key)) or 0
end

-- Seconds until a full counter is empty again; 0 while it is not full. One without a time to live was set by hand.
local function locked(key, max, usual)
  if count_of(key) < max then return 0 end
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, usual) end
  return math.max(redis.call('TTL', key), 1)
end

local function spend(key, max, window, lock)
  local count = redis.call('INCR', key)
  redis.call('EXPIRE', key, count >= max and lock or window)
  return max - count
end

-- A day begins with its first wrong PIN.
local function spend_of_day(key, max)
  local count = redis.call('INCR', key)
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, DAY) end
  return max - count
end

local function give_back(key)
  if count_of(key) > 0 then redis.call('DECR', key) end
end

local function is_familiar(names, device)
  local since = tonumber(redis.call('HGET', names.familiar, device))
  return since ~= nil and tonumber(redis.call('TIME')[1]) - since < FAMILIAR_DAYS * DAY
end

-- Their number is bounded, and the oldest go first: each of them is one more phone to guess at.
local function make_familiar(names, device)
  redis.call('HSET', names.familiar, device, redis.call('TIME')[1])
  redis.call('EXPIRE', names.familiar, FAMILIAR_DAYS * DAY)
  local flat, phones = redis.call('HGETALL', names.familiar), {}
  for i = 1, #flat, 2 do phones[#phones + 1] = { flat[i], tonumber(flat[i + 1]) or 0 } end
  table.sort(phones, function(one, other) return one[2] > other[2] end)
  for i = FAMILIAR_MOST + 1, #phones do redis.call('HDEL', names.familiar, phones[i][1]) end
end

local function remember_pair(names, ext, device)
  local is_valid = redis.call('HGET', names.phones, device) and redis.call('HGET', names.users, ext)
  if not is_valid then redis.call('DEL', names.pair, names.pair_day) end
  redis.call('HSET', names.phones, device, 1)
  redis.call('HSET', names.users, ext, 1)
  for _, key in ipairs({ names.phones, names.users }) do redis.call('EXPIRE', key, 2 * DAY) end
end

-- The longest lock that holds now, and whose it is.
local function lock_of(names, limits, familiar)
  local found, whose = 0, nil
  local function consider(seconds, owner)
    if seconds > found then found, whose = seconds, owner end
  end
  consider(locked(names.pair, limits.failures, limits.lock), 'user-at-phone')
  consider(locked(names.pair_day, limits.per_phone, DAY), 'user-at-phone')
  consider(locked(names.device, limits.device_failures, limits.device_lock), 'phone')
  consider(locked(names.device_day, limits.device_per_day, DAY), 'phone')
  if not familiar then
    consider(locked(names.user, limits.per_day, DAY), 'user')
    consider(locked(names.wait, 1, LONGEST_WAIT), 'user')
  end
  return found, whose
end

-- Each further lock of the day lasts twice as long.
local function spend_at_phone(names, limits)
  local left_today = spend_of_day(names.pair_day, limits.per_phone)
  local locks = math.ceil((limits.per_phone - left_today) / limits.failures)
  local lock = math.min(limits.lock * 2 ^ (locks - 1), DAY)
  return math.min(left_today, spend(names.pair, limits.failures, limits.window, lock))
end

local function spend_of_user(names, limits)
  local left = spend_of_day(names.user, limits.per_day)
  local beyond = limits.per_day - left - limits.free
  if beyond > 0 then redis.call('SET', names.wait, 1, 'EX', math.min(FIRST_WAIT * 2 ^ (beyond - 1), LONGEST_WAIT)) end
  return left
end

-- hotdesk_attempt USER DEVICE [FAILURES WINDOW LOCK DEVICE-FAILURES WINDOW LOCK PER-PHONE FREE PER-DAY DEVICE-PER-DAY]
--   Spends one attempt of both before the PIN is compared, so that guessing in parallel gains nothing. Times in seconds.
--   In a window FAILURES lock the user at this phone, and PER-PHONE a day until the day is over. DEVICE-FAILURES lock the phone. At
--   unfamiliar phones the user has PER-DAY a day; after FREE of them each has to wait, from 10 s to half an hour.
--   ALLOWED LEFT                  compare the PIN now; so many attempts are left after this one
--   LOCKED SECONDS                do not compare it
local function attempt(keys, args)
  local tag, ext, device = keys[1], must(args[1], 'user'), must(args[2], 'device')
  local limits, names = limits_of(args), names_of(tag, ext, device)
  local familiar = is_familiar(names, device)
  remember_pair(names, ext, device)
  local seconds, whose = lock_of(names, limits, familiar)
  if seconds > 0 then
    event(tag, 'login.locked', 'device', device, 'user', ext:match('^%d+$') or '', 'seconds', seconds, 'reason', whose)
    return say('LOCKED', seconds)
  end
  local left = math.min(
    spend_at_phone(names, limits),
    spend(names.device, limits.device_failures, limits.device_window, limits.device_lock),
    spend_of_day(names.device_day, limits.device_per_day))
  if not familiar then left = math.min(left, spend_of_user(names, limits)) end
  return say('ALLOWED', left)
end

-- hotdesk_forgive USER DEVICE     the PIN was right: this attempt is given back, the lock of the user at this phone is lifted, and the phone
--   is familiar for 30 days. Other wrong PINs of the day stay counted.
--   FORGIVEN
local function forgive(keys, args)
  local tag, ext, device = keys[1], must(args[1], 'user'), must(args[2], 'device')
  local names = names_of(tag, ext, device)
  redis.call('DEL', names.pair)
  for _, key in ipairs({ names.pair_day, names.device, names.device_day }) do give_back(key) end
  if not is_familiar(names, device) then
    give_back(names.user)
    redis.call('DEL', names.wait)
  end
  make_familiar(names, device)
  return say('FORGIVEN')
end

-- Of a user at each phone, or at a phone for each user.
local function failures_of(name, target)
  local seen, failures = redis.call('HGETALL', name .. 'seen:' .. target), count_of(name .. target) + count_of(name .. 'day:' .. target)
  for i = 1, #seen, 2 do
    failures = failures + count_of(name .. 'day:' .. target .. ':' .. seen[i]) + count_of(name .. 'day:' .. seen[i] .. ':' .. target)
  end
  return failures
end

-- hotdesk_unlock EXTENSION|DEVICE [VIA]     a user at every phone, or a phone for every user
--   UNLOCKED TARGET               its failures are forgotten
--   NOT_LOCKED TARGET             there were none
--   UNKNOWN_USER   UNKNOWN_DEVICE
local function unlock(keys, args)
  local tag, target = keys[1], must(args[1], 'extension or device')
  local name = tag .. ':attempts:'
  local failures, is_user = failures_of(name, target), target:match('^%d+$') ~= nil
  if failures == 0 and not exists(tag, (is_user and 'user:' or 'device:') .. target) then
    return say(is_user and 'UNKNOWN_USER' or 'UNKNOWN_DEVICE')
  end
  redis.call('DEL', name .. target, name .. 'day:' .. target, name .. 'wait:' .. target, name .. 'seen:' .. target)
  if failures == 0 then return say('NOT_LOCKED', target) end
  event(tag, 'unlocked', is_user and 'user' or 'device', target, 'via', args[2] or 'redis-cli')
  return say('UNLOCKED', target)
end

-- What a counter locks when it is full: its limit, then the kind of lock, its user and its phone.
local function lock_behind(name, limits)
  local first, second, third = name:match('^([^:]+):?([^:]*):?([^:]*)$')
  if not first then return nil end
  if first == 'day' and third ~= '' then return limits.per_phone, 'user-at-phone', second, third end
  if first == 'day' and second ~= '' then return limits.device_per_day, 'phone', '-', second end
  if first == 'wait' and second ~= '' then return 1, 'user', second, '-' end
  if second ~= '' then return limits.failures, 'user-at-phone', first, second end
  if first:match('^%a') then return limits.device_failures, 'phone', '-', first end
  return limits.per_day, 'user', first, '-'
end

local function is_valid(tag, kind, ext, device)
  if kind ~= 'user-at-phone' then return true end
  return redis.call('HGET', tag .. ':attempts:seen:' .. ext, device) and redis.call('HGET', tag .. ':attempts:seen:' .. device, ext)
end

-- hotdesk_locks FROM [FAILURES …]     locks that hold now, a page at a time; limits as for hotdesk_attempt. FROM is 0, then the first line
--   of each answer until that is 0 again. The other lines: what is locked (user-at-phone, phone or user), the user or -, the phone or -,
--   and the seconds that are left. The name of a user who does not exist begins with `?`.
local function locks(keys, args)
  local prefix, limits = keys[1] .. ':attempts:', limits_of({ '', '', unpack(args, 2) })
  local page = redis.call('SCAN', must(args[1], 'from'), 'MATCH', prefix .. '*', 'COUNT', 1000, 'TYPE', 'string')
  local lines = { { ok = page[1] } }
  for _, key in ipairs(page[2]) do
    local limit, kind, ext, device = lock_behind(key:sub(#prefix + 1), limits)
    if limit and count_of(key) >= limit and is_valid(keys[1], kind, ext, device) then
      lines[#lines + 1] = { ok = table.concat({ kind, ext, device, math.max(redis.call('TTL', key), 1) }, ' ') }
    end
  end
  return lines
end

writes('hotdesk_attempt', attempt)
writes('hotdesk_forgive', forgive)
writes('hotdesk_unlock', unlock)
reads('hotdesk_locks', locks)
