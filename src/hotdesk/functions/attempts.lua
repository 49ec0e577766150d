do -- The lock-out after wrong PINs. Counters are keys that expire, so Redis keeps the time; src/store/README.md says what each one counts.
-- No PIN is ever sent to Redis. An extension without a user is counted under a name that begins with `?` and is in no event: it may have
-- been a PIN.
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

local function key(tag, ...) return table.concat({ tag, 'attempts', ... }, ':') end

local function keys_of(tag, ext, device)
  return {
    pair = key(tag, ext, device), pair_day = key(tag, 'day', ext, device), device = key(tag, device), device_day = key(tag, 'day', device),
    user = key(tag, ext), wait = key(tag, 'wait', ext),
    familiar = key(tag, 'familiar', ext), phones = key(tag, 'seen', ext), users = key(tag, 'seen', device),
  }
end

-- What each counter locks when it is full, at which count, and for how long.
local function locks_of(limits)
  return {
    pair = { 'user-at-phone', limits.failures, limits.lock }, pair_day = { 'user-at-phone', limits.per_phone, DAY },
    device = { 'phone', limits.device_failures, limits.device_lock }, device_day = { 'phone', limits.device_per_day, DAY },
    user = { 'user', limits.per_day, DAY }, wait = { 'user', 1, LONGEST_WAIT },
  }
end

-- Which of these counters a key is, its user and its phone; `-` stands for any.
local function counter_of(name)
  local first, second, third = name:match('^([^:]+):?([^:]*):?([^:]*)$')
  if not first then return nil end
  if third ~= '' then return 'pair_day', second, third end
  if second == '' and first:match('^%a') then return 'device', '-', first end
  if second == '' then return 'user', first, '-' end
  if first == 'day' then return 'device_day', '-', second end
  if first == 'wait' then return 'wait', second, '-' end
  return 'pair', first, second
end

local function count_of(counter) return tonumber(redis.call('GET', counter)) or 0 end

-- Seconds until a full counter expires, 0 if it is not full. A counter that was set by hand may lack a time to live.
local function seconds_locked(counter, max, lock)
  if count_of(counter) < max then return 0 end
  if redis.call('TTL', counter) < 0 then redis.call('EXPIRE', counter, lock) end
  return math.max(redis.call('TTL', counter), 1)
end

-- The seconds and the kind of the longest lock in force.
local function longest_lock(keys, limits, familiar)
  local counters, longest, longest_kind = { 'pair', 'pair_day', 'device', 'device_day', 'user', 'wait' }, 0, nil
  for i = 1, familiar and 4 or 6 do
    local kind, max, lock = unpack(locks_of(limits)[counters[i]])
    local seconds = seconds_locked(keys[counters[i]], max, lock)
    if seconds > longest then longest, longest_kind = seconds, kind end
  end
  return longest, longest_kind
end

-- Returns the attempts left. Without WINDOW the counter lasts a day from its first wrong PIN.
local function spend(counter, max, window, lock)
  local count = redis.call('INCR', counter)
  if window then redis.call('EXPIRE', counter, count >= max and lock or window) end
  if redis.call('TTL', counter) < 0 then redis.call('EXPIRE', counter, DAY) end
  return max - count
end

-- Each further lock of the day lasts twice as long.
local function spend_at_phone(keys, limits)
  local left_today = spend(keys.pair_day, limits.per_phone)
  local locks = math.ceil((limits.per_phone - left_today) / limits.failures)
  return math.min(left_today, spend(keys.pair, limits.failures, limits.window, math.min(limits.lock * 2 ^ (locks - 1), DAY)))
end

local function spend_of_user(keys, limits)
  local left = spend(keys.user, limits.per_day)
  local beyond = limits.per_day - left - limits.free
  if beyond > 0 then redis.call('SET', keys.wait, 1, 'EX', math.min(FIRST_WAIT * 2 ^ (beyond - 1), LONGEST_WAIT)) end
  return left
end

local function give_back(counter) if count_of(counter) > 0 then redis.call('DECR', counter) end end

local function is_familiar(keys, device)
  return now() - (tonumber(redis.call('HGET', keys.familiar, device)) or 0) < FAMILIAR_DAYS * DAY
end

-- Keeps the latest ten: each familiar phone allows further guesses.
local function make_familiar(keys, device)
  redis.call('HSET', keys.familiar, device, now())
  redis.call('EXPIRE', keys.familiar, FAMILIAR_DAYS * DAY)
  local phones = {}
  for phone, since in pairs(as_table(redis.call('HGETALL', keys.familiar))) do phones[#phones + 1] = { phone, tonumber(since) or 0 } end
  table.sort(phones, function(one, other) return one[2] > other[2] end)
  for i = FAMILIAR_MAX + 1, #phones do redis.call('HDEL', keys.familiar, phones[i][1]) end
end

local function is_valid_pair(keys, ext, device) return redis.call('HGET', keys.phones, device) and redis.call('HGET', keys.users, ext) end

local function remember_pair(keys, ext, device)
  if not is_valid_pair(keys, ext, device) then redis.call('DEL', keys.pair, keys.pair_day) end
  redis.call('HSET', keys.phones, device, 1)
  redis.call('HSET', keys.users, ext, 1)
  for _, seen in ipairs({ keys.phones, keys.users }) do redis.call('EXPIRE', seen, 2 * DAY) end
end

-- hotdesk_attempt USER DEVICE [FAILURES WINDOW LOCK DEVICE-FAILURES WINDOW LOCK PER-PHONE FREE PER-DAY DEVICE-PER-DAY]
--   Spends an attempt of the user and of the phone before the PIN is compared, so that guessing in parallel gains nothing. Times in
--   seconds. FAILURES within WINDOW lock the user at this phone, PER-PHONE within a day lock it for the rest of the day.
--   DEVICE-FAILURES lock the phone. At unfamiliar phones the user has PER-DAY attempts a day; after FREE of them each has to wait,
--   from 10 s to half an hour.
--   ALLOWED LEFT                  compare the PIN now; LEFT attempts remain after this one
--   LOCKED SECONDS                do not compare it
writes('hotdesk_attempt', function(tag, args)
  local ext, device = required(args[1], 'user'), required(args[2], 'device')
  local limits, keys = limits_of(args), keys_of(tag, ext, device)
  local familiar = is_familiar(keys, device)
  remember_pair(keys, ext, device)
  local seconds, kind = longest_lock(keys, limits, familiar)
  if seconds > 0 then
    event(tag, 'login.locked', 'device', device, 'user', ext:match('^%d+$') or '', 'seconds', seconds, 'reason', kind)
    return reply('LOCKED', seconds)
  end
  local left = math.min(
    spend_at_phone(keys, limits),
    spend(keys.device, limits.device_failures, limits.device_window, limits.device_lock),
    spend(keys.device_day, limits.device_per_day))
  if not familiar then left = math.min(left, spend_of_user(keys, limits)) end
  return reply('ALLOWED', left)
end)

-- hotdesk_forgive USER DEVICE     the PIN was correct: gives this attempt back, lifts the lock of the user at this phone, and makes the
--   phone familiar for 30 days. Other wrong PINs of the day stay counted.
--   FORGIVEN
writes('hotdesk_forgive', function(tag, args)
  local ext, device = required(args[1], 'user'), required(args[2], 'device')
  local keys = keys_of(tag, ext, device)
  redis.call('DEL', keys.pair)
  for _, counter in ipairs({ keys.pair_day, keys.device, keys.device_day }) do give_back(counter) end
  if not is_familiar(keys, device) then
    give_back(keys.user)
    redis.call('DEL', keys.wait)
  end
  make_familiar(keys, device)
  return reply('FORGIVEN')
end)

-- Failures of a user at every phone, or at a phone for every user.
local function failures_of(tag, target)
  local failures = count_of(key(tag, target)) + count_of(key(tag, 'day', target))
  for other in pairs(get_all(tag, 'attempts:seen:' .. target)) do
    failures = failures + count_of(key(tag, 'day', target, other)) + count_of(key(tag, 'day', other, target))
  end
  return failures
end

-- hotdesk_unlock EXTENSION|DEVICE [VIA]     a user at every phone, or a phone for every user
--   UNLOCKED TARGET               its failures are cleared
--   NOT_LOCKED TARGET             there were none
--   UNKNOWN_USER   UNKNOWN_DEVICE
writes('hotdesk_unlock', function(tag, args)
  local target = required(args[1], 'extension or device')
  local failures, is_user = failures_of(tag, target), target:match('^%d+$') ~= nil
  local is_known = failures > 0 or exists(tag, (is_user and 'user:' or 'device:') .. target)
  if not is_known then return reply(is_user and 'UNKNOWN_USER' or 'UNKNOWN_DEVICE') end
  redis.call('DEL', key(tag, target), key(tag, 'day', target), key(tag, 'wait', target), key(tag, 'seen', target))
  if failures == 0 then return reply('NOT_LOCKED', target) end
  event(tag, 'unlocked', is_user and 'user' or 'device', target, 'via', args[2] or 'redis-cli')
  return reply('UNLOCKED', target)
end)

-- hotdesk_locks FROM [FAILURES …]     the locks in force, a page at a time. Limits as in hotdesk_attempt. FROM is 0 at first, then the
--   first line of the previous reply, until that is 0 again. Every other line: user-at-phone, phone or user; the user or -; the phone
--   or -; the seconds left. The name of an unknown user begins with `?`.
reads('hotdesk_locks', function(tag, args)
  local locks, prefix = locks_of(limits_of({ '', '', unpack(args, 2) })), key(tag, '')
  local page = redis.call('SCAN', required(args[1], 'from'), 'MATCH', prefix .. '*', 'COUNT', 1000, 'TYPE', 'string')
  local lines = { { ok = page[1] } }
  for _, name in ipairs(page[2]) do
    local counter, ext, device = counter_of(name:sub(#prefix + 1))
    local kind, max = unpack(locks[counter] or {})
    local is_full = kind and count_of(name) >= max
    if is_full and (kind ~= 'user-at-phone' or is_valid_pair(keys_of(tag, ext, device), ext, device)) then
      lines[#lines + 1] = { ok = table.concat({ kind, ext, device, math.max(redis.call('TTL', name), 1) }, ' ') }
    end
  end
  return lines
end)
end
