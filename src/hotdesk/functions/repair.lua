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
      if not current then set_state(tag, device, 'idle', 'edited', 'automatic') end
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
    unset(tag, 'devices', device)
    publish_write(tag, device, ext)
    return repaired(tag, device, ext, 'no-extension')
  end
  local _, position = without(devices_of(tag, ext), device)
  if position then
    local has_record = exists(tag, 'device:' .. device)
    local state = has_record and get(tag, 'device:' .. device, 'state')
    if not has_record or state == 'active' or state == 'draining' then return finish_draining(tag, device) and 1 or 0 end
  else
    assign(tag, ext, device)
  end
  set_state(tag, device, 'active', 'edited', 'automatic')
  return repaired(tag, device, ext, 'completed')
end

-- hotdesk_repair [users|devices FIELD]…     `users` is made to agree with `devices`, and draining phones without a call are logged out.
--   Examines the named fields, or all if none is named.
--   REPAIRED CHANGES   NOTHING
writes('hotdesk_repair', function(tag, args)
  local changes = 0
  local function repair(key, field) changes = changes + (key == 'users' and repair_user or repair_device)(tag, field) end
  for i = 1, #args, 2 do repair(args[i], required(args[i + 1], 'field')) end
  if #args == 0 then
    local by_device = get_all(tag, 'devices')
    for ext, list in pairs(get_all(tag, 'users')) do if by_device[list] ~= ext then repair('users', ext) end end
    local by_user = get_all(tag, 'users')
    for device, ext in pairs(by_device) do if by_user[ext] ~= device or draining(tag, device) then repair('devices', device) end end
  end
  return changes > 0 and reply('REPAIRED', changes) or reply('NOTHING')
end)
end
