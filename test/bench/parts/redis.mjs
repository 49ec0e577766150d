// A redis-server to measure with, and networks to fill it with.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Redis } from 'ioredis'

const dist = path.join(import.meta.dirname, '../../../dist')
export const from = (name) => import(pathToFileURL(path.join(dist, name)).href)

export const networkSecret = 'a secret for measuring only'
export const userOf = (index) => String(100_000 + index)
export const deviceOf = (index) => `HD${String(index).padStart(6, '0')}`

/** With the settings of the embedded one: what was answered is on the disk. */
export async function startRedis({ replicaOf } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'hotdesk-bench-'))
  const port = await freeTcpPort()
  const socket = path.join(folder, 'redis.sock')
  const words = ['--port', port, '--bind', '127.0.0.1', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'yes']
  const follow = replicaOf ? ['--replicaof', '127.0.0.1', replicaOf.port] : []
  const child = spawn('redis-server', [...words, '--appendfsync', 'always', ...follow].map(String), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await new Promise((resolve) =>
    child.stdout.on('data', (text) => /ready to accept|synchronization: Finished/i.test(String(text)) && resolve()),
  )
  const redis = new Redis({ path: socket })
  while (replicaOf && !(await redis.info('replication')).includes('master_link_status:up'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  return {
    folder,
    port,
    socket,
    redis,
    async close() {
      redis.disconnect()
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function freeTcpPort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** Records as an installer leaves them, each user at a phone as far as there are `seated`. */
export async function fill(redis, { users, devices, seated = 0, node = null }) {
  const { hashPin } = await from('hotdesk/hotdesk.js')
  const { createSeal } = await from('base/seal.js')
  const { Secret } = await from('base/secret.js')
  const pin = await hashPin(new Secret('4711'))
  const seal = createSeal(new Secret(networkSecret), (await defaults()).network)
  const expires = Math.floor(Date.now() / 1000) + 3_600
  for (let start = 0; start < Math.max(users, devices); start += 1_000) {
    const pipeline = redis.pipeline()
    for (let index = start; index < start + 1_000; index++) {
      const [user, device] = [userOf(index), deviceOf(index)]
      if (index < users) pipeline.hset(`{hd}:user:${user}`, { name: `User ${index}`, home: 'paris', pin, forwardNotLoggedIn: '9' })
      if (index < devices)
        pipeline.hset(`{hd}:device:${device}`, {
          site: 'paris',
          hotdesk: 'yes',
          location: `Paris, desk ${index}`,
          elin: '+33199000001',
          mac: `0015${index.toString(16).padStart(8, '0')}`,
          model: 'desk phone',
          credential: seal.close(new Secret(`password-${index}`), device),
        })
      if (index < seated) pipeline.hset('{hd}:users', user, device).hset('{hd}:devices', device, user)
      if (node && index < devices)
        pipeline
          .hset(`{hd}:reg:${device}`, {
            node,
            contact: `sip:${device}@192.0.2.9:5060`,
            flow: 'sip:192.0.2.9:5060',
            expires,
            'call-id': `bench-${index}`,
            cseq: 1,
            'user-agent': 'desk phone',
            registered: expires - 3_600,
          })
          .expire(`{hd}:reg:${device}`, 3_600)
    }
    await pipeline.exec()
  }
}

/** The store and what reads from it, as a node opens them. */
export async function openStore(socket, { name, ...changes }) {
  const { createStore } = await from('store/store.js')
  const { hotdeskLibrary } = await from('hotdesk/hotdesk.js')
  const { Secret } = await from('base/secret.js')
  const { silentLogger } = await from('base/logger.js')
  const { createMetrics } = await from('base/metrics.js')
  const { systemClock } = await from('base/clock.js')
  const { network, redis: settings } = await defaults()
  const redis = { kind: 'url', url: new Secret(`unix://${socket}`) }
  const common = { clock: systemClock, log: silentLogger(), metrics: createMetrics(), functions: hotdeskLibrary }
  const data = path.join(path.dirname(socket), name)
  return createStore({
    redis,
    network,
    data,
    loading: 'install',
    durability: settings.durability,
    startWithinMs: 60_000,
    ...common,
    ...changes,
  })
}

async function defaults() {
  const { defaultSettings } = await from('config/schema/schema.js')
  return defaultSettings()
}

export async function openDesk(store) {
  const { createDirectory, newBoot } = await from('directory/directory.js')
  const { createHotdesk } = await from('hotdesk/hotdesk.js')
  const { createSeal } = await from('base/seal.js')
  const { Secret } = await from('base/secret.js')
  const { silentLogger } = await from('base/logger.js')
  const { createMetrics } = await from('base/metrics.js')
  const { lockout, emergency, retentionDays } = await defaults()
  const log = silentLogger()
  const secret = new Secret(networkSecret)
  const directory = createDirectory({ store, seal: createSeal(secret, store.network), log })
  const common = {
    store,
    directory,
    secret,
    node: 'bench-1',
    boot: newBoot(store.clock.now()),
    automaticLogout: () => null,
    attempts: () => lockout,
    quietSeconds: emergency.quietSeconds,
    retentionDays,
    clock: store.clock,
    log,
    metrics: createMetrics(),
  }
  const hotdesk = createHotdesk(common)
  return { directory, hotdesk }
}
