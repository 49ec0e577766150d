// How soon a node knows of a login elsewhere, and what that costs it, in a large network.
// `npm run build && node test/bench/copy.mjs [assignments] [logins a second] [seconds] [dist folder]`
// The logins come from a thread of its own, straight to Redis; this thread is the node.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Redis } from 'ioredis'

const deviceOf = (index) => `HD${String(index).padStart(6, '0')}`
const userOf = (index) => String(100_000 + index)
/** The clock of the machine: the same in both threads. */
const now = () => Number(process.hrtime.bigint()) / 1e6

if (isMainThread) {
  const [assignments = 50_000, rate = 100, seconds = 10] = process.argv.slice(2, 5).map(Number)
  await measure({ assignments, rate, seconds }, path.resolve(process.argv[5] ?? 'dist'))
} else await logIn(workerData)

async function measure({ assignments, rate, seconds }, dist) {
  const folder = mkdtempSync(path.join(tmpdir(), 'hotdesk-bench-'))
  const socket = path.join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', ''], { stdio: 'ignore' })
  const gone = new Promise((resolve) => server.once('exit', resolve))
  try {
    await fill(socket, assignments)
    const began = now()
    const node = await openNode(socket, folder, dist)
    console.log(`${assignments} assignments and as many free phones: loaded in ${((now() - began) / 1_000).toFixed(1)} s`)
    await follow(node, { socket, assignments, rate, seconds })
    await node.close()
  } finally {
    server.kill()
    await gone
    rmSync(folder, { recursive: true })
  }
}

/** Everybody sits somewhere, and there is a free phone for each. */
async function fill(socket, assignments) {
  const redis = new Redis({ path: socket, retryStrategy: () => 50 })
  await new Promise((resolve) => redis.once('ready', resolve))
  for (let from = 0; from < assignments; from += 1_000) {
    const pipeline = redis.pipeline()
    for (let index = from; index < Math.min(from + 1_000, assignments); index++) {
      pipeline.hset(`{hd}:user:${userOf(index)}`, { name: `User ${index}`, home: 'paris' })
      for (const device of [deviceOf(index), deviceOf(assignments + index)])
        pipeline.hset(`{hd}:device:${device}`, { site: 'paris', hotdesk: 'yes', location: 'desk' })
      pipeline.hset('{hd}:users', userOf(index), deviceOf(index))
      pipeline.hset('{hd}:devices', deviceOf(index), userOf(index))
    }
    await pipeline.exec()
  }
  redis.disconnect()
}

async function openNode(socket, data, dist) {
  const load = (name) => import(pathToFileURL(path.join(dist, name)).href)
  const [{ createStore }, { createDirectory, newBoot }] = [await load('store/store.js'), await load('directory/directory.js')]
  const [{ createHotdesk, hotdeskLibrary }, { systemClock: clock }] = [await load('hotdesk/hotdesk.js'), await load('base/clock.js')]
  const [{ silentLogger }, { createMetrics }] = [await load('base/logger.js'), await load('base/metrics.js')]
  const [{ createSeal }, { Secret }] = [await load('base/seal.js'), await load('base/secret.js')]
  const { defaultSettings } = await load('config/schema/schema.js')
  const { network, lockout, emergency, retentionDays, redis: settings } = defaultSettings()
  const [log, metrics] = [silentLogger(), createMetrics()]
  const redis = { kind: 'url', url: new Secret(`unix://${socket}`) }
  const store = await createStore({
    redis,
    network,
    data,
    functions: hotdeskLibrary,
    loading: 'install',
    durability: settings.durability,
    clock,
    log,
    metrics,
    startWithinMs: 60_000,
  })
  const directory = createDirectory({ store, seal: createSeal(new Secret('bench'), network), log })
  const hotdesk = createHotdesk({
    store,
    directory,
    secret: new Secret('bench'),
    node: 'paris-1',
    boot: newBoot(store.clock.now()),
    automaticLogout: () => null,
    attempts: () => lockout,
    mayVisit: () => true,
    quietSeconds: emergency.quietSeconds,
    retentionDays,
    clock,
    log,
    metrics,
  })
  return { hotdesk, close: () => hotdesk.close().then(() => store.close()) }
}

async function follow({ hotdesk }, work) {
  const seen = new Map()
  hotdesk.onChange(({ device, after }) => after && seen.set(device, now()))
  const idle = await cpuOver(() => new Promise((resolve) => setTimeout(resolve, 3_000)))
  const worker = new Worker(new URL(import.meta.url), { workerData: work })
  let stalled = 0
  const pulse = watchStalls((ms) => {
    stalled = Math.max(stalled, ms)
  })
  const told = new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  let answered = []
  const busy = await cpuOver(async () => {
    answered = await told
    const deadline = now() + 5_000
    while (answered.some(([device]) => !seen.has(device)) && now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
  })
  clearInterval(pulse)
  const delays = answered.map(([device, at]) => (seen.get(device) ?? Number.POSITIVE_INFINITY) - at).sort((a, b) => a - b)
  const quantile = (share) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))].toFixed(1)
  console.log(
    `${answered.length} logins, ${work.rate} a second: known to the node p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, max ${quantile(1)} ms after they were asked for`,
  )
  console.log(
    `CPU of the node's thread: idle ${idle.share.toFixed(1)} %, now ${busy.share.toFixed(1)} %: ${(busy.ms / answered.length).toFixed(2)} ms a login; longest stall ${stalled.toFixed(0)} ms`,
  )
}

async function cpuOver(work) {
  const [cpu, at] = [cpuMs(), now()]
  await work()
  const ms = cpuMs() - cpu
  return { ms, share: (ms / (now() - at)) * 100 }
}

/** Of the main thread alone; the kernel counts in 10 ms. */
function cpuMs() {
  const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function watchStalls(tell) {
  let last = now()
  return setInterval(() => {
    tell(now() - last - 5)
    last = now()
  }, 5)
}

/** Each login moves somebody to a phone that was free. */
async function logIn({ socket, assignments, rate, seconds }) {
  const redis = new Redis({ path: socket })
  const asked = []
  /** @type {Promise<unknown>[]} */
  const waiting = []
  const began = now()
  for (let index = 0; index < rate * seconds; index++) {
    const wait = began + (index * 1_000) / rate - now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    const device = deviceOf(assignments + index)
    asked.push([device, now()])
    waiting.push(redis.call('FCALL', 'hotdesk_login', '1', '{hd}', userOf((index * 7919) % assignments), device))
  }
  await Promise.all(waiting)
  redis.disconnect()
  parentPort.postMessage(asked)
}
