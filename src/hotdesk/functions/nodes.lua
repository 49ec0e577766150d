do -- What nodes report about themselves and their phones.
local ONCALL_TTL = 7 * 24 * 3600
local NOTED = { refresh = true, refreshable = true, digest = true }

local function is_alive(tag, site, node)
  return exists(tag, 'node:' .. node) and redis.call('HGET', tag .. ':node:' .. node, 'site') == site
end

-- A site's record has:
--   nodes       the last node that joined, and those alive then; another adds itself with its next heartbeat
--   lost, back  since when none of its nodes is alive; when one was again
--   emergency   emergency numbers, from the node that started last: the site's users can dial them at every site, even after `lost`
--   reserved    the extension that no user may have because of the site's dial codes
-- Another type at that key, left by hand, must not stop the heartbeat.
local function note_site(tag, site, node, fields, starts)
  local key = tag .. ':site:' .. site
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' and kind ~= 'none' then return end
  for _, field in ipairs({ 'emergency', 'reserved' }) do
    local value = fields[field]
    if value and (starts or not redis.call('HGET', key, field)) then redis.call('HSET', key, field, value) end
  end
  local nodes, lost = unpack(redis.call('HMGET', key, 'nodes', 'lost'))
  nodes = nodes or ''
  if not (' ' .. nodes .. ' '):find(' ' .. node .. ' ', 1, true) then
    local names = {}
    for each in nodes:gmatch('%S+') do if is_alive(tag, site, each) then names[#names + 1] = each end end
    names[#names + 1] = node
    redis.call('HSET', key, 'nodes', table.concat(names, ' '))
  end
  if not lost then return end
  redis.call('HDEL', key, 'lost')
  redis.call('HSET', key, 'back', redis.call('TIME')[1])
  event(tag, 'site.back', 'site', site, 'node', node)
end

-- hotdesk_join NODE BOOT REPLACES SECONDS [FIELD VALUE]…     heartbeat of a node. BOOT identifies this start of it; REPLACES is one that
--   is known to be dead, or -
--   JOINED
--   TAKEN PROCESS MILLISECONDS BOOT    another start of that name holds it for MILLISECONDS more
writes('hotdesk_join', function(tag, args)
  local node, boot = tag .. ':node:' .. must(args[1], 'node'), must(args[2], 'boot')
  local present, process = unpack(redis.call('HMGET', node, 'boot', 'process'))
  local is_taken = present and present ~= boot and present ~= args[3]
  if is_taken then return say('TAKEN', process or '-', redis.call('PTTL', node), present) end
  redis.call('HSET', node, 'boot', boot, 'seen', redis.call('TIME')[1], unpack(args, 5))
  redis.call('EXPIRE', node, must(args[4], 'seconds'))
  local fields = as_table({ unpack(args, 5) })
  if fields.site then note_site(tag, fields.site, args[1], fields, present ~= boot) end
  return say('JOINED')
end)

-- hotdesk_site_lost SITE     a node has seen no node of that site for some time
--   LOST                      since now
--   UNCHANGED                 known already
--   ALIVE NODE                that node is alive
--   UNKNOWN_SITE              the site has no record, or no nodes in it
writes('hotdesk_site_lost', function(tag, args)
  local site = must(args[1], 'site')
  local nodes, lost = unpack(exists(tag, 'site:' .. site) and redis.call('HMGET', tag .. ':site:' .. site, 'nodes', 'lost') or {})
  if not nodes then return say('UNKNOWN_SITE') end
  if lost then return say('UNCHANGED') end
  for node in nodes:gmatch('%S+') do if is_alive(tag, site, node) then return say('ALIVE', node) end end
  redis.call('HSET', tag .. ':site:' .. site, 'lost', redis.call('TIME')[1])
  event(tag, 'site.lost', 'site', site)
  return say('LOST')
end)

-- hotdesk_leave NODE BOOT     orderly end of a node
--   LEFT   NOT_YOURS
writes('hotdesk_leave', function(tag, args)
  local node = tag .. ':node:' .. must(args[1], 'node')
  if redis.call('HGET', node, 'boot') ~= must(args[2], 'boot') then return say('NOT_YOURS') end
  redis.call('DEL', node)
  return say('LEFT')
end)

-- hotdesk_secret SALT FINGERPRINT     the first node of a network stores the fingerprint of its secret
--   SET
--   PRESENT SALT FINGERPRINT      stored already; nothing is written
writes('hotdesk_secret', function(tag, args)
  local key, salt, fingerprint = tag .. ':secret', must(args[1], 'salt'), must(args[2], 'fingerprint')
  local present = redis.call('HMGET', key, 'salt', 'fingerprint')
  if present[2] then return say('PRESENT', present[1] or '-', present[2]) end
  redis.call('HSET', key, 'salt', salt, 'fingerprint', fingerprint)
  return say('SET')
end)

-- hotdesk_calls NODE BOOT QUIET-SECONDS [DEVICE CALLS EMERGENCIES]…     calls in progress of a node's phones
--   OK LOGGED-OUT                 the number of draining phones that were logged out
writes('hotdesk_calls', function(tag, args)
  local node, boot, quiet = must(args[1], 'node'), must(args[2], 'boot'), must(args[3], 'quiet seconds')
  local settled = 0
  for i = 4, #args, 3 do
    local device, n, e = args[i], tonumber(must(args[i + 1], 'calls')), tonumber(must(args[i + 2], 'emergencies'))
    local key = tag .. ':oncall:' .. device
    local had, before = (redis.call('HGET', key, node) or ''):match('^%S+ (%d+) (%d+)$')
    before = tonumber(before or 0)
    if n > 0 then redis.call('HSET', key, node, boot .. ' ' .. n .. ' ' .. e) else redis.call('HDEL', key, node) end
    redis.call('EXPIRE', key, ONCALL_TTL)
    if e > 0 or before > 0 then
      redis.call('HSET', tag .. ':quiet:' .. device, 'node', node)
      redis.call('EXPIRE', tag .. ':quiet:' .. device, quiet)
    end
    if e > before then event(tag, 'emergency', 'device', device, 'user', user_on(tag, device) or '', 'node', node) end
    if n == 0 and had and user_on(tag, device) and exists(tag, 'device:' .. device) then
      redis.call('HSET', tag .. ':device:' .. device, 'lastCall', redis.call('TIME')[1])
    end
    if n == 0 and settle(tag, device) then settled = settled + 1 end
  end
  return say('OK', settled)
end)

-- hotdesk_note DEVICE FIELD VALUE     a node writes `refresh`, `refreshable` or `digest` to a phone's record
--   NOTED
--   UNKNOWN_DEVICE                nothing is written: a lost or deleted record must not return as a single field
writes('hotdesk_note', function(tag, args)
  local device, field, value = must(args[1], 'device'), must(args[2], 'field'), must(args[3], 'value')
  if not NOTED[field] then return redis.error_reply('ERR the field is refresh, refreshable or digest') end
  if not exists(tag, 'device:' .. device) then return say('UNKNOWN_DEVICE') end
  redis.call('HSET', tag .. ':device:' .. device, field, value)
  return say('NOTED')
end)
end
