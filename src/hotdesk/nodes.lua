-- What the nodes of the network say of themselves.

local ONCALL_TTL = 7 * 24 * 3600

local function lives_at(tag, site, node)
  return exists(tag, 'node:' .. node) and redis.call('HGET', tag .. ':node:' .. node, 'site') == site
end

local function value_of(args, field)
  for i = 5, #args, 2 do if args[i] == field then return args[i + 1] end end
end

-- A site's record names its nodes: the last that came, and who lived then; containers have a new name at each start, and one that
-- was only taken for dead names itself again with its next heartbeat. `lost` is since when none of them lives, `back` when one did
-- again. `emergency` is what brings help there, as the node said that started last: its people dial that elsewhere as well, also when
-- none of its nodes lives. `reserved` is the extension that no user may have because of its dial codes. Whatever else stands at that key, by hand, must not keep a node from living.
local function note_site(tag, site, node, args, starts)
  local key = tag .. ':site:' .. site
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'hash' and kind ~= 'none' then return end
  for _, field in ipairs({ 'emergency', 'reserved' }) do
    local value = value_of(args, field)
    if value and (starts or not redis.call('HGET', key, field)) then redis.call('HSET', key, field, value) end
  end
  local nodes, lost = unpack(redis.call('HMGET', key, 'nodes', 'lost'))
  nodes = nodes or ''
  if not (' ' .. nodes .. ' '):find(' ' .. node .. ' ', 1, true) then
    local names = {}
    for each in nodes:gmatch('%S+') do if lives_at(tag, site, each) then names[#names + 1] = each end end
    names[#names + 1] = node
    redis.call('HSET', key, 'nodes', table.concat(names, ' '))
  end
  if not lost then return end
  redis.call('HDEL', key, 'lost')
  redis.call('HSET', key, 'back', redis.call('TIME')[1])
  event(tag, 'site.back', 'site', site, 'node', node)
end

-- hotdesk_join NODE BOOT REPLACES SECONDS [FIELD VALUE]…     a node's heartbeat; BOOT names this start of it, REPLACES one known dead, or -
--   JOINED
--   TAKEN PROCESS MILLISECONDS BOOT    another start of that name lives, or did until so long ago
local function join(keys, args)
  local node, boot = keys[1] .. ':node:' .. must(args[1], 'node'), must(args[2], 'boot')
  local present, process = unpack(redis.call('HMGET', node, 'boot', 'process'))
  if present and present ~= boot and present ~= args[3] then
    return say('TAKEN', process or '-', redis.call('PTTL', node), present)
  end
  redis.call('HSET', node, 'boot', boot, 'seen', redis.call('TIME')[1], unpack(args, 5))
  redis.call('EXPIRE', node, must(args[4], 'seconds'))
  local site = value_of(args, 'site')
  if site then note_site(keys[1], site, args[1], args, present ~= boot) end
  return say('JOINED')
end

-- hotdesk_site_lost SITE     a node has seen none of that site for some time
--   LOST                      since now
--   UNCHANGED                 it is known to be lost
--   ALIVE NODE                that one lives
--   UNKNOWN_SITE              it has no record, or one without nodes
local function site_lost(keys, args)
  local tag, site = keys[1], must(args[1], 'site')
  if not exists(tag, 'site:' .. site) then return say('UNKNOWN_SITE') end
  local nodes, lost = unpack(redis.call('HMGET', tag .. ':site:' .. site, 'nodes', 'lost'))
  if not nodes then return say('UNKNOWN_SITE') end
  if lost then return say('UNCHANGED') end
  for node in nodes:gmatch('%S+') do
    if lives_at(tag, site, node) then return say('ALIVE', node) end
  end
  redis.call('HSET', tag .. ':site:' .. site, 'lost', redis.call('TIME')[1])
  event(tag, 'site.lost', 'site', site)
  return say('LOST')
end

-- hotdesk_leave NODE BOOT     at the orderly end of a node
--   LEFT   NOT_YOURS
local function leave(keys, args)
  local node = keys[1] .. ':node:' .. must(args[1], 'node')
  if redis.call('HGET', node, 'boot') ~= must(args[2], 'boot') then return say('NOT_YOURS') end
  redis.call('DEL', node)
  return say('LEFT')
end

-- hotdesk_secret SALT FINGERPRINT     the first node of a network leaves the fingerprint of its secret
--   SET
--   PRESENT SALT FINGERPRINT      there is one; nothing is written
local function secret(keys, args)
  local key, salt, fingerprint = keys[1] .. ':secret', must(args[1], 'salt'), must(args[2], 'fingerprint')
  local present = redis.call('HMGET', key, 'salt', 'fingerprint')
  if present[2] then return say('PRESENT', present[1] or '-', present[2]) end
  redis.call('HSET', key, 'salt', salt, 'fingerprint', fingerprint)
  return say('SET')
end

-- For automatic logout: since when nobody has called at the phone. While somebody does, that does not matter.
local function note_last_call(tag, device)
  if not user_on(tag, device) or not exists(tag, 'device:' .. device) then return end
  redis.call('HSET', tag .. ':device:' .. device, 'lastCall', redis.call('TIME')[1])
end

-- hotdesk_calls NODE BOOT QUIET-SECONDS [DEVICE CALLS EMERGENCIES]…     what a node has on its phones now
--   OK LOGGED-OUT                 so many draining phones had their last call
local function calls(keys, args)
  local tag, node, boot, quiet = keys[1], must(args[1], 'node'), must(args[2], 'boot'), must(args[3], 'quiet seconds')
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
    if n == 0 and had then note_last_call(tag, device) end
    if n == 0 and settle(tag, device) then settled = settled + 1 end
  end
  return say('OK', settled)
end

-- hotdesk_note DEVICE FIELD VALUE     what a node has found out about a phone: `refresh`, `refreshable` or `digest` of its record
--   NOTED
--   UNKNOWN_DEVICE                nothing is written: a record that was lost or deleted must not come back as one lone field
local NOTED = { refresh = true, refreshable = true, digest = true }

local function note(keys, args)
  local tag, device, field, value = keys[1], must(args[1], 'device'), must(args[2], 'field'), must(args[3], 'value')
  if not NOTED[field] then return redis.error_reply('ERR the field is refresh, refreshable or digest') end
  if not exists(tag, 'device:' .. device) then return say('UNKNOWN_DEVICE') end
  redis.call('HSET', tag .. ':device:' .. device, field, value)
  return say('NOTED')
end

writes('hotdesk_join', join)
writes('hotdesk_leave', leave)
writes('hotdesk_secret', secret)
writes('hotdesk_note', note)
writes('hotdesk_site_lost', site_lost)
writes('hotdesk_calls', calls)
