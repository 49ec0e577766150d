do -- Logouts that the node requests by itself. Every node may consider one due; exactly one acts.
-- Writes no event for a logout that an emergency blocks: the node asks again until it succeeds.
local function log_out(tag, device, node, via, reason)
  local owner = other_owner(tag, device, node)
  if owner then return reply('NOT_YOURS', owner) end
  if in_emergency(tag, device, via) then return reply('EMERGENCY') end
  return reply(logout_device(tag, device, 'drain', via, reason))
end

-- Whether the user's home site was lost, or came back, at that moment. The copy of a node that was suspended for hours is outdated.
local function is_home_moment(tag, device, reason, moment)
  local home = get(tag, 'user:' .. user_on(tag, device), 'home')
  if not home or not exists(tag, 'site:' .. home) then return false end
  local lost, back = get(tag, 'site:' .. home, 'lost', 'back')
  if reason == 'home-lost' then return lost and tonumber(lost) == moment end
  return not lost and back and tonumber(back) == moment
end

-- hotdesk_expire DEVICE NODE max-time|idle-time|daily|home-lost|home-return SINCE LAST-CALL DUE [HOME]     automatic logout
--   The node has read SINCE and LAST-CALL (- for none) in the phone's record, and HOME, `lost` or `back`, in the record of the user's
--   home site. Times in seconds.
--   BUSY CALLS                    a phone in a call is not idle, and users are logged out for home-return only between calls
--   OUTDATED                      a record has changed since, or the logout is not due by Redis's clock
--   LOGGED_OUT EXTENSION   DRAINING CALLS   EMERGENCY   NOT_YOURS NODE
writes('hotdesk_expire', function(tag, args)
  local device, node, reason = required(args[1], 'device'), required(args[2], 'node'), required(args[3], 'reason')
  local since, last_call = get(tag, 'device:' .. device, 'since', 'lastCall')
  local is_same = since == required(args[4], 'since') and (last_call or '-') == required(args[5], 'last call')
  local due = tonumber(required(args[6], 'due'))
  if not is_same or not due or now() < due or not user_on(tag, device) then return reply('OUTDATED') end
  local is_due = not reason:match('^home-') or is_home_moment(tag, device, reason, tonumber(required(args[7], 'home')))
  if not is_due then return reply('OUTDATED') end
  local calls = calls_of(tag, device)
  if calls > 0 and (reason == 'idle-time' or reason == 'home-return') then return reply('BUSY', calls) end
  return log_out(tag, device, node, 'automatic', reason)
end)

-- hotdesk_evict DEVICE NODE     logs out a user who was deleted, disabled or barred, and the user of a phone that was deleted
--   ALLOWED                       the user may stay logged in, or the phone is free
--   LOGGED_OUT EXTENSION   DRAINING CALLS   EMERGENCY   NOT_YOURS NODE
writes('hotdesk_evict', function(tag, args)
  local device, node, ext = args[1], required(args[2], 'node'), user_on(tag, required(args[1], 'device'))
  local reason = ext and (not exists(tag, 'device:' .. device) and 'device-deleted' or reason_barred(tag, ext))
  if not reason then return reply('ALLOWED') end
  return log_out(tag, device, node, 'deleted', reason == 'unknown-extension' and 'user-deleted' or reason)
end)
end
