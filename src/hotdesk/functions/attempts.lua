do -- The lock-out after wrong PINs. Counters are keys that expire, so Redis keeps the time. No PIN is ever sent to Redis.
--   attempts:USER:DEVICE        wrong PINs of a user at a phone; when it is full, its time to live is the lock
--   attempts:day:USER:DEVICE    the same, within a day
--   attempts:DEVICE             wrong PINs at a phone, for any user; attempts:day:DEVICE within a day
--   attempts:USER               wrong PINs of a user within a day at unfamiliar phones, those without a recent correct PIN of the user
--   attempts:wait:USER          unfamiliar phones have to wait
--   attempts:familiar:USER      phone → time of the last correct PIN, in seconds since 1970
--   attempts:seen:USER          phones counted for a user, and attempts:seen:DEVICE users counted at a phone: a counter of a pair is
--                               valid only while both name each other, so deleting one of them clears all pairs of it
-- An extension without a user is counted under a name that begins with `?` and is in no event: it may have been a PIN.

local DAY, FAMILIAR_DAYS, FAMILIAR_MAX, FIRST_WAIT, LONGEST_WAIT = 86400, 30, 10, 10, 1800

-- In the order of the arguments.
local LIMITS = {
  { 'failures', 3 }, { 'window', 300 }, { 'lock', 900 }, { 'device_failures', 10 }, { 'device_window', 900 }, { 'device_lock', 900 },
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

-- Seconds until a full counter expires, 0 if it is not full. A counter that was set by hand may lack a time to live.
local function locked(key, max, usual)
  if count_of(key) < max then return 0 end
  if redis.call('TTL', key) < 0 then redis.call('EXPIRE', key, usual) end
  return math.max(redis.call('TTL', key), 1)
end

-- Returns the attempts left. Without WINDOW the counter is that of a day, which begins with its first wrong PIN.
local function spend(key, max, window, lock)
  local count = redis.call('INCR', key)
  if window then redis.call('EXPIRE', key, count >= max and lock or window) end
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

-- Keeps the latest ten: at each familiar phone more PINs can be guessed.
local function make_familiar(names, device)
  redis.call('HSET', names.familiar, device, redis.call('TIME')[1])
  redis.call('EXPIRE', names.familiar, FAMILIAR_DAYS * DAY)
  local phones = {}
  for phone, since in pairs(as_table(redis.call('HGETALL', names.familiar))) do phones[#phones + 1] = { phone, tonumber(since) or 0 } end
  table.sort(phones, function(one, other) return one[2] > other[2] end)
  for i = FAMILIAR_MAX + 1, #phones do redis.call('HDEL', names.familiar, phones[i][1]) end
end

local function is_valid_pair(phones, users, ext, device)
  return redis.call('HGET', phones, device) and redis.call('HGET', users, ext)
end

local function remember_pair(names, ext, device)
  if not is_valid_pair(names.phones, names.users, ext, device) then redis.call('DEL', names.pair, names.pair_day) end
  redis.call('HSET', names.phones, device, 1)
  redis.call('HSET', names.users, ext, 1)
  for _, key in ipairs({ names.phones, names.users }) do redis.call('EXPIRE', key, 2 * DAY) end
end

-- The seconds and the kind of the longest lock in force.
local function lock_of(names, limits, familiar)
  local counters = {
    { 'user-at-phone', names.pair, limits.failures, limits.lock }, { 'user-at-phone', names.pair_day, limits.per_phone, DAY },
    { 'phone', names.device, limits.device_failures, limits.device_lock }, { 'phone', names.device_day, limits.device_per_day, DAY },
    { 'user', names.user, limits.per_day, DAY }, { 'user', names.wait, 1, LONGEST_WAIT },
  }
  local longest, kind = 0, nil
  for i = 1, familiar and 4 or 6 do
    local seconds = locked(unpack(counters[i], 2))
    if seconds > longest then longest, kind = seconds, counters[i][1] end
  end
  return longest, kind
end

-- Each further lock of the day lasts twice as long.
local function spend_at_phone(names, limits)
  local left_today = spend(names.pair_day, limits.per_phone)
  local locks = math.ceil((limits.per_phone - left_today) / limits.failures)
  local lock = math.min(limits.lock * 2 ^ (locks - 1), DAY)
  return math.min(left_today, spend(names.pair, limits.failures, limits.window, lock))
end

local function spend_of_user(names, limits)
  local left = spend(names.user, limits.per_day)
  local beyond = limits.per_day - left - limits.free
  if beyond > 0 then redis.call('SET', names.wait, 1, 'EX', math.min(FIRST_WAIT * 2 ^ (beyond - 1), LONGEST_WAIT)) end
  return left
end

-- hotdesk_attempt USER DEVICE [FAILURES WINDOW LOCK DEVICE-FAILURES WINDOW LOCK PER-PHONE FREE PER-DAY DEVICE-PER-DAY]
--   Spends an attempt of the user and of the phone before the PIN is compared, so that guessing in parallel gains nothing. Times in
--   seconds. FAILURES within WINDOW lock the user at this phone, PER-PHONE within a day lock it for the rest of the day.
--   DEVICE-FAILURES lock the phone. At unfamiliar phones the user has PER-DAY attempts a day; after FREE of them each has to wait,
--   from 10 s to half an hour.
--   ALLOWED LEFT                  compare the PIN now; LEFT attempts remain after this one
--   LOCKED SECONDS                do not compare it
writes('hotdesk_attempt', function(tag, args)
  local ext, device = must(args[1], 'user'), must(args[2], 'device')
  local limits, names = limits_of(args), names_of(tag, ext, device)
  local familiar = is_familiar(names, device)
  remember_pair(names, ext, device)
  local seconds, kind = lock_of(names, limits, familiar)
  if seconds > 0 then
    event(tag, 'login.locked', 'device', device, 'user', ext:match('^%d+$') or '', 'seconds', seconds, 'reason', kind)
    return say('LOCKED', seconds)
  end
  local left = math.min(
    spend_at_phone(names, limits),
    spend(names.device, limits.device_failures, limits.device_window, limits.device_lock),
    spend(names.device_day, limits.device_per_day))
  if not familiar then left = math.min(left, spend_of_user(names, limits)) end
  return say('ALLOWED', left)
end)

-- hotdesk_forgive USER DEVICE     the PIN was correct: gives this attempt back, lifts the lock of the user at this phone, and makes the
--   phone familiar for 30 days. Other wrong PINs of the day stay counted.
--   FORGIVEN
writes('hotdesk_forgive', function(tag, args)
  local ext, device = must(args[1], 'user'), must(args[2], 'device')
  local names = names_of(tag, ext, device)
  redis.call('DEL', names.pair)
  for _, key in ipairs({ names.pair_day, names.device, names.device_day }) do give_back(key) end
  if not is_familiar(names, device) then
    give_back(names.user)
    redis.call('DEL', names.wait)
  end
  make_familiar(names, device)
  return say('FORGIVEN')
end)

-- Failures of a user at every phone, or at a phone for every user.
local function failures_of(prefix, target)
  local failures = count_of(prefix .. target) + count_of(prefix .. 'day:' .. target)
  for other in pairs(as_table(redis.call('HGETALL', prefix .. 'seen:' .. target))) do
    failures = failures + count_of(prefix .. 'day:' .. target .. ':' .. other) + count_of(prefix .. 'day:' .. other .. ':' .. target)
  end
  return failures
end

-- hotdesk_unlock EXTENSION|DEVICE [VIA]     a user at every phone, or a phone for every user
--   UNLOCKED TARGET               its failures are cleared
--   NOT_LOCKED TARGET             there were none
--   UNKNOWN_USER   UNKNOWN_DEVICE
writes('hotdesk_unlock', function(tag, args)
  local target, prefix = must(args[1], 'extension or device'), tag .. ':attempts:'
  local failures, is_user = failures_of(prefix, target), target:match('^%d+$') ~= nil
  local is_known = failures > 0 or exists(tag, (is_user and 'user:' or 'device:') .. target)
  if not is_known then return say(is_user and 'UNKNOWN_USER' or 'UNKNOWN_DEVICE') end
  redis.call('DEL', prefix .. target, prefix .. 'day:' .. target, prefix .. 'wait:' .. target, prefix .. 'seen:' .. target)
  if failures == 0 then return say('NOT_LOCKED', target) end
  event(tag, 'unlocked', is_user and 'user' or 'device', target, 'via', args[2] or 'redis-cli')
  return say('UNLOCKED', target)
end)

-- Of a counter: the count at which it locks, the kind of lock, the user and the phone.
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

-- hotdesk_locks FROM [FAILURES …]     the locks in force, a page at a time. Limits as in hotdesk_attempt. FROM is 0 at first, then the
--   first line of the previous reply, until that is 0 again. Every other line: user-at-phone, phone or user; the user or -; the phone
--   or -; the seconds left. The name of an unknown user begins with `?`.
reads('hotdesk_locks', function(tag, args)
  local prefix, limits = tag .. ':attempts:', limits_of({ '', '', unpack(args, 2) })
  local page = redis.call('SCAN', must(args[1], 'from'), 'MATCH', prefix .. '*', 'COUNT', 1000, 'TYPE', 'string')
  local lines = { { ok = page[1] } }
  for _, key in ipairs(page[2]) do
    local limit, kind, ext, device = lock_behind(key:sub(#prefix + 1), limits)
    local is_full = limit and count_of(key) >= limit
    if is_full and (kind ~= 'user-at-phone' or is_valid_pair(prefix .. 'seen:' .. ext, prefix .. 'seen:' .. device, ext, device)) then
      lines[#lines + 1] = { ok = table.concat({ kind, ext, device, math.max(redis.call('TTL', key), 1) }, ' ') }
    end
  end
  return lines
end)
end
