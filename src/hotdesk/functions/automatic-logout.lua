do -- Logouts that nobody at the phone asks for. Every node may consider one due; exactly one acts.
-- Writes no event for a logout that an emergency holds off: the node asks again until it succeeds.
local function log_out(tag, device, node, via, reason)
  local owner = other_owner(tag, device, node)
  if owner then return say('NOT_YOURS', owner) end
  if in_emergency(tag, device, via) then return say('EMERGENCY') end
  return say(logout_device(tag, device, 'drain', via, reason))
end

-- Whether the user's home site was lost, or came back, at that moment. A node that was suspended for hours has an old copy.
local function is_home_moment(tag, device, reason, moment)
  local home = redis.call('HGET', tag .. ':user:' .. user_on(tag, device), 'home')
  if not home or not exists(tag, 'site:' .. home) then return false end
  local lost, back = unpack(redis.call('HMGET', tag .. ':site:' .. home, 'lost', 'back'))
  if reason == 'home-lost' then return lost and tonumber(lost) == moment end
  return not lost and back and tonumber(back) == moment
end

-- hotdesk_expire DEVICE NODE max-time|idle-time|daily|home-lost|home-return SINCE LAST-CALL DUE [HOME]     automatic logout. NODE has read
--             SINCE and LAST-CALL (- for none) in the phone's record, and HOME, `lost` or `back`, in that of the user's home; in seconds
--   LOGGED_OUT EXTENSION
--   DRAINING CALLS                follows when the last of CALLS has ended
--   BUSY CALLS                    a phone in a call is not idle, and users are logged out for home-return only between calls
--   EMERGENCY                     the phone is in an emergency call or in the quiet time after one; ask again
--   OUTDATED                      a record has changed meanwhile, or by the clock of Redis the logout is not due
--   NOT_YOURS NODE                that node owns the phone
writes('hotdesk_expire', function(tag, args)
  local device, node, reason = must(args[1], 'device'), must(args[2], 'node'), must(args[3], 'reason')
  local since, last_call = unpack(redis.call('HMGET', tag .. ':device:' .. device, 'since', 'lastCall'))
  local is_same = since == must(args[4], 'since') and (last_call or '-') == must(args[5], 'last call')
  local due = tonumber(must(args[6], 'due'))
  if not is_same or not due or tonumber(redis.call('TIME')[1]) < due or not user_on(tag, device) then return say('OUTDATED') end
  local is_due = not reason:match('^home-') or is_home_moment(tag, device, reason, tonumber(must(args[7], 'home')))
  if not is_due then return say('OUTDATED') end
  local calls = calls_of(tag, device)
  if calls > 0 and (reason == 'idle-time' or reason == 'home-return') then return say('BUSY', calls) end
  return log_out(tag, device, node, 'automatic', reason)
end)

-- hotdesk_evict DEVICE NODE     logs out a user who was deleted, disabled or barred, and the user of a phone that was deleted
--   LOGGED_OUT EXTENSION
--   DRAINING CALLS                follows when the last of CALLS has ended
--   EMERGENCY                     the phone is in an emergency call or in the quiet time after one; ask again
--   ALLOWED                       the user may stay logged in, or the phone is free
--   NOT_YOURS NODE                that node owns the phone
writes('hotdesk_evict', function(tag, args)
  local device, node = must(args[1], 'device'), must(args[2], 'node')
  local ext = user_on(tag, device)
  if not ext then return say('ALLOWED') end
  local reason = not exists(tag, 'device:' .. device) and 'device-deleted' or reason_barred(tag, ext)
  if not reason then return say('ALLOWED') end
  return log_out(tag, device, node, 'deleted', reason == 'unknown-extension' and 'user-deleted' or reason)
end)
end
