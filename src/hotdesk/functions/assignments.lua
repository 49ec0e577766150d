do -- Login and logout, and who is logged in where.
-- hotdesk_login EXTENSION DEVICE [VIA]     the caller has verified the PIN, if one is needed
--   LOGGED_IN                     the phone was free
--   MOVED OLD-DEVICE              the user was logged in elsewhere and has moved
--   DISPLACED OLD-USER [OLD-DEVICE]  the previous user of the phone is logged out
--   UNCHANGED                     already logged in here; the phone is refreshed again
--   ELSEWHERE DEVICE              refused: the user's secondLogin is deny
--   DENIED disabled|not-allowed   UNKNOWN_USER   UNKNOWN_DEVICE   NOT_A_HOTDESK_PHONE   EMERGENCY
writes('hotdesk_login', function(tag, args)
  local ext, device, via = required(args[1], 'extension'), required(args[2], 'device'), args[3] or 'redis-cli'
  local function refuse(reason, ...)
    event(tag, 'login.denied', 'device', device, 'user', ext, 'via', via, 'reason', reason)
    return reply(...)
  end
  local barred = reason_barred(tag, ext)
  if barred == 'unknown-extension' then return refuse(barred, 'UNKNOWN_USER') end
  if barred then return refuse(barred, 'DENIED', barred) end
  if not exists(tag, 'device:' .. device) then return refuse('unknown-device', 'UNKNOWN_DEVICE') end
  if not for_hotdesking(tag, device) then return refuse('not-a-hotdesk-phone', 'NOT_A_HOTDESK_PHONE') end
  if in_emergency(tag, device, via) then return refuse('emergency', 'EMERGENCY') end
  if user_on(tag, device) == ext then
    set_state(tag, device, 'active', 'unchanged', via)
    event(tag, 'unchanged', 'device', device, 'user', ext, 'via', via)
    return reply('UNCHANGED')
  end
  local second, elsewhere = get(tag, 'user:' .. ext, 'secondLogin'), devices_of(tag, ext)
  if second == 'deny' and #elsewhere > 0 then return refuse('elsewhere', 'ELSEWHERE', elsewhere[1]) end
  if second == 'allow' then elsewhere = {} end
  for _, old in ipairs(elsewhere) do
    release(tag, old)
    set_state(tag, old, 'idle', 'moved', via)
  end
  local displaced, from = release(tag, device), table.concat(elsewhere, ' ')
  assign(tag, ext, device)
  set_state(tag, device, 'active', displaced and 'displaced' or 'login', via)
  local name = displaced and 'displaced' or (from ~= '' and 'moved' or 'login')
  event(tag, name, 'device', device, 'user', ext, 'via', via, 'displaced', displaced or '', 'from', from)
  if displaced then return reply('DISPLACED', displaced, from) end
  return reply(from == '' and 'LOGGED_IN' or 'MOVED', from)
end)

-- hotdesk_logout DEVICE|EXTENSION [drain|now] [VIA]     `now` ends the phone's calls; an extension: every phone where the user is logged in
--   LOGGED_OUT EXTENSION
--   FREE                          nobody is logged in at the phone; it is refreshed again
--   DRAINING CALLS   NOWHERE   EMERGENCY   UNKNOWN_DEVICE   UNKNOWN_USER
writes('hotdesk_logout', function(tag, args)
  local target, how, via = required(args[1], 'device or extension'), args[2] or 'drain', args[3] or 'redis-cli'
  if how ~= 'drain' and how ~= 'now' then return redis.error_reply('ERR the second argument is drain or now') end
  if not target:match('^%d+$') then return reply(logout_device(tag, target, how, via)) end
  local list = devices_of(tag, target)
  if #list == 0 then return not_logged_in(tag, target) end
  local replies = {}
  for _, device in ipairs(list) do
    local word, detail = logout_device(tag, device, how, via)
    replies[word] = word == 'DRAINING' and (replies[word] or 0) + detail or detail or ''
  end
  for _, word in ipairs({ 'EMERGENCY', 'DRAINING', 'LOGGED_OUT' }) do if replies[word] then return reply(word, replies[word]) end end
  return reply('FREE')
end)

-- hotdesk_who DEVICE
--   OCCUPIED EXTENSION   DRAINING EXTENSION   FREE   UNKNOWN_DEVICE
reads('hotdesk_who', function(tag, args)
  local device, ext = args[1], user_on(tag, required(args[1], 'device'))
  if not ext then return reply(exists(tag, 'device:' .. device) and 'FREE' or 'UNKNOWN_DEVICE') end
  return reply(draining(tag, device) and 'DRAINING' or 'OCCUPIED', ext)
end)

-- hotdesk_where EXTENSION
--   AT DEVICE …   NOWHERE   UNKNOWN_USER
reads('hotdesk_where', function(tag, args)
  local ext, list = args[1], devices_of(tag, required(args[1], 'extension'))
  return #list > 0 and reply('AT', unpack(list)) or not_logged_in(tag, ext)
end)
end
