do -- Makes `users` and `devices` agree after an edit by hand.
local function repaired(tag, device, ext, how)
  event(tag, 'repaired', 'device', device, 'user', ext, 'how', how, 'via', 'automatic')
  return 1
end

-- Removes phones from a user's list that have another user or none.
local function repair_user(tag, ext)
  local list, kept, changes = devices_of(tag, ext), {}, 0
  for _, device in ipairs(list) do
    local current = user_on(tag, device)
    if current == ext then
      kept = without(kept, device)
      kept[#kept + 1] = device
    else
      changes = changes + repaired(tag, device, ext, 'taken-off')
      if not current then mark(tag, device, 'idle', 'edited', 'automatic') end
    end
  end
  if #kept == #list then return changes end
  set_devices_of(tag, ext, kept)
  publish_write(tag, list[1], ext)
  return changes
end

local function repair_device(tag, device)
  local ext = user_on(tag, device)
  if not ext then return 0 end
  if not ext:match('^%d+$') then
    redis.call('HDEL', tag .. ':devices', device)
    publish_write(tag, device, ext)
    return repaired(tag, device, ext, 'no-extension')
  end
  local list = devices_of(tag, ext)
  if #without(list, device) == #list then
    assign(tag, ext, device)
  else
    local has_record = exists(tag, 'device:' .. device)
    local state = has_record and redis.call('HGET', tag .. ':device:' .. device, 'state')
    if not has_record or state == 'active' or state == 'draining' then return settle(tag, device) and 1 or 0 end
  end
  mark(tag, device, 'active', 'edited', 'automatic')
  return repaired(tag, device, ext, 'completed')
end

-- hotdesk_repair [users|devices FIELD]…     `devices` counts, and `users` is made to agree with it; draining phones without a call are
--                    logged out. Examines the named fields, or all if none is named.
--   REPAIRED CHANGES   NOTHING
writes('hotdesk_repair', function(tag, args)
  local changes = 0
  for i = 1, #args, 2 do changes = changes + (args[i] == 'users' and repair_user or repair_device)(tag, must(args[i + 1], 'field')) end
  if #args == 0 then
    local by_device = as_table(redis.call('HGETALL', tag .. ':devices'))
    for ext, list in pairs(as_table(redis.call('HGETALL', tag .. ':users'))) do
      if by_device[list] ~= ext then changes = changes + repair_user(tag, ext) end
    end
    local lists = as_table(redis.call('HGETALL', tag .. ':users'))
    for device, ext in pairs(by_device) do
      if lists[ext] ~= device or draining(tag, device) then changes = changes + repair_device(tag, device) end
    end
  end
  return changes > 0 and say('REPAIRED', changes) or say('NOTHING')
end)
end
