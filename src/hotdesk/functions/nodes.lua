do -- What nodes report about themselves and their phones.
local ONCALL_TTL = 7 * 24 * 3600
local NOTED = { refresh = true, refreshable = true, digest = true }

local function is_alive(tag, site, node) return exists(tag, 'node:' .. node) and get(tag, 'node:' .. node, 'site') == site end

-- src/store/README.md describes the fields. Another type at that key, left by hand, must not stop the heartbeat.
local function update_site(tag, name, node, fields, starts)
  local site, kind = 'site:' .. name, redis.call('TYPE', tag .. ':site:' .. name).ok
  if kind ~= 'hash' and kind ~= 'none' then return end
  for _, field in ipairs({ 'emergency', 'reserved' }) do
    if fields[field] and (starts or not get(tag, site, field)) then set(tag, site, field, fields[field]) end
  end
  local nodes, lost = get(tag, site, 'nodes', 'lost')
  if not (' ' .. (nodes or '') .. ' '):find(' ' .. node .. ' ', 1, true) then
    local names = {}
    for each in (nodes or ''):gmatch('%S+') do if is_alive(tag, name, each) then names[#names + 1] = each end end
    names[#names + 1] = node
    set(tag, site, 'nodes', table.concat(names, ' '))
  end
  if not lost then return end
  unset(tag, site, 'lost')
  set(tag, site, 'back', now())
  event(tag, 'site.back', 'site', name, 'node', node)
end

-- hotdesk_join NODE BOOT REPLACES SECONDS [FIELD VALUE]…     heartbeat of a node. BOOT identifies this start of it; REPLACES is one that
--   is known to be dead, or -
--   JOINED
--   TAKEN PROCESS MILLISECONDS BOOT    another start of that name holds it for MILLISECONDS more
writes('hotdesk_join', function(tag, args)
  local node, boot, fields = 'node:' .. required(args[1], 'node'), required(args[2], 'boot'), { unpack(args, 5) }
  local present, process = get(tag, node, 'boot', 'process')
  local is_taken = present and present ~= boot and present ~= args[3]
  if is_taken then return reply('TAKEN', process or '-', redis.call('PTTL', tag .. ':' .. node), present) end
  set(tag, node, 'boot', boot, 'seen', now(), unpack(fields))
  redis.call('EXPIRE', tag .. ':' .. node, required(args[4], 'seconds'))
  fields = as_table(fields)
  if fields.site then update_site(tag, fields.site, args[1], fields, present ~= boot) end
  return reply('JOINED')
end)

-- hotdesk_site_lost SITE     a node has seen no node of that site for some time
--   LOST                          since now
--   UNCHANGED                     known already
--   ALIVE NODE                    that node is alive
--   UNKNOWN_SITE                  the site has no record, or no nodes in it
writes('hotdesk_site_lost', function(tag, args)
  local site = required(args[1], 'site')
  if not exists(tag, 'site:' .. site) then return reply('UNKNOWN_SITE') end
  local nodes, lost = get(tag, 'site:' .. site, 'nodes', 'lost')
  if not nodes then return reply('UNKNOWN_SITE') end
  if lost then return reply('UNCHANGED') end
  for node in nodes:gmatch('%S+') do if is_alive(tag, site, node) then return reply('ALIVE', node) end end
  set(tag, 'site:' .. site, 'lost', now())
  event(tag, 'site.lost', 'site', site)
  return reply('LOST')
end)

-- hotdesk_leave NODE BOOT     orderly end of a node
--   LEFT   NOT_YOURS
writes('hotdesk_leave', function(tag, args)
  local node = required(args[1], 'node')
  if get(tag, 'node:' .. node, 'boot') ~= required(args[2], 'boot') then return reply('NOT_YOURS') end
  redis.call('DEL', tag .. ':node:' .. node)
  return reply('LEFT')
end)

-- hotdesk_secret SALT FINGERPRINT     the first node of a network stores the fingerprint of its secret
--   SET
--   PRESENT SALT FINGERPRINT      stored already; nothing is written
writes('hotdesk_secret', function(tag, args)
  local salt, fingerprint = required(args[1], 'salt'), required(args[2], 'fingerprint')
  local present_salt, present = get(tag, 'secret', 'salt', 'fingerprint')
  if present then return reply('PRESENT', present_salt or '-', present) end
  set(tag, 'secret', 'salt', salt, 'fingerprint', fingerprint)
  return reply('SET')
end)

-- hotdesk_calls NODE BOOT QUIET-SECONDS [DEVICE CALLS EMERGENCIES]…     calls in progress of a node's phones
--   OK LOGGED-OUT                 the number of draining phones that were logged out
writes('hotdesk_calls', function(tag, args)
  local node, boot, quiet = required(args[1], 'node'), required(args[2], 'boot'), required(args[3], 'quiet seconds')
  local logged_out = 0
  for i = 4, #args, 3 do
    local device, n, e = args[i], tonumber(required(args[i + 1], 'calls')), tonumber(required(args[i + 2], 'emergencies'))
    local oncall = 'oncall:' .. device
    local had, before = (get(tag, oncall, node) or ''):match('^%S+ (%d+) (%d+)$')
    before = tonumber(before or 0)
    put(tag, oncall, node, n > 0 and boot .. ' ' .. n .. ' ' .. e or '')
    redis.call('EXPIRE', tag .. ':' .. oncall, ONCALL_TTL)
    if e > 0 or before > 0 then
      set(tag, 'quiet:' .. device, 'node', node)
      redis.call('EXPIRE', tag .. ':quiet:' .. device, quiet)
    end
    if e > before then event(tag, 'emergency', 'device', device, 'user', user_on(tag, device) or '', 'node', node) end
    local has_ended = n == 0 and had and user_on(tag, device)
    if has_ended and exists(tag, 'device:' .. device) then set(tag, 'device:' .. device, 'lastCall', now()) end
    if n == 0 and finish_draining(tag, device) then logged_out = logged_out + 1 end
  end
  return reply('OK', logged_out)
end)

-- hotdesk_note DEVICE FIELD VALUE     a node writes `refresh`, `refreshable` or `digest` to a phone's record
--   NOTED
--   UNKNOWN_DEVICE                nothing is written: a lost or deleted record must not return as a single field
writes('hotdesk_note', function(tag, args)
  local device, field, value = required(args[1], 'device'), required(args[2], 'field'), required(args[3], 'value')
  if not NOTED[field] then return redis.error_reply('ERR the field is refresh, refreshable or digest') end
  if not exists(tag, 'device:' .. device) then return reply('UNKNOWN_DEVICE') end
  set(tag, 'device:' .. device, field, value)
  return reply('NOTED')
end)
end
