// How long phones wait for their configuration when the power is back: 1,000 phones of all makes ask within a minute, each for a file
// that was never made before, and once more with its ETag. A user with 30 keys is logged in at each.
// `npm run build && node test/bench/provisioning.mjs [phones] [seconds] [dist folder]`
// The phones are a thread of their own; this thread is the node.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Redis } from 'ioredis'

const macOf = (index) => (0x001565000000 + index).toString(16).padStart(12, '0')
const deviceOf = (index) => `HD${String(index + 1).padStart(5, '0')}`
const userOf = (index) => String(10_000 + index)
/** What phones call themselves, and the file that each asks for. */
const makes = [
  ['Yealink SIP-T54W 96.86.0.20', (mac) => `${mac}.cfg`],
  ['Cisco-CP-8851-3PCC/12.0.7', (mac) => `${mac}.xml`],
  ['Fanvil X5U-V2 2.12.16.17', (mac) => `${mac}.cfg`],
  ['FileTransport PolycomVVX-VVX_450-UA/6.4.6', (mac) => `${mac}-user.cfg`],
]

if (isMainThread) {
  const [phones = 1_000, seconds = 60] = process.argv.slice(2, 4).map(Number)
  await measure({ phones, seconds }, path.resolve(process.argv[4] ?? 'dist'))
} else await ask(workerData)

async function measure({ phones, seconds }, dist) {
  const folder = mkdtempSync(path.join(tmpdir(), 'hotdesk-bench-'))
  const socket = path.join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', ''], { stdio: 'ignore' })
  const gone = new Promise((resolve) => server.once('exit', resolve))
  try {
    const node = await openNode({ phones, socket, folder, dist })
    const worker = new Worker(new URL(import.meta.url), { workerData: { folders: node.folders, port: node.port, seconds } })
    const [first, again] = await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    report(`${phones} configurations in ${seconds} s`, first)
    report('the same, unchanged (304)', again)
    if (first.failed + again.failed > 0) process.exitCode = 1
    await node.close()
  } finally {
    server.kill()
    await gone
    rmSync(folder, { recursive: true })
  }
}

function report(what, { ms, failed, bytes }) {
  const sorted = ms.toSorted((one, other) => one - other)
  const at = (share) => `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)} ms`
  console.log(
    `${what}: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${at(1)}; ${failed} failed; ${Math.round(bytes / ms.length)} bytes each`,
  )
}

async function fill({ socket, phones }, seal, Secret) {
  const redis = new Redis({ path: socket, retryStrategy: () => 50 })
  await new Promise((resolve) => redis.once('ready', resolve))
  const keys = Array.from({ length: 30 }, (_, key) => `blf:${userOf(key)}`).join(', ')
  const pipeline = redis.pipeline()
  for (let index = 0; index < phones; index++) {
    const [device, user] = [deviceOf(index), userOf(index)]
    const credential = seal.close(new Secret(`password of ${device}`), device)
    pipeline.hset(`{hd}:user:${user}`, { name: `User ${index}`, home: 'paris', keys })
    pipeline.hset(`{hd}:device:${device}`, { site: 'paris', hotdesk: 'yes', location: 'desk', mac: macOf(index), credential, epoch: '1' })
    pipeline.hset(`{hd}:phone:${device}`, { salt: `salt of ${device}` })
    pipeline.hset('{hd}:users', user, device)
    pipeline.hset('{hd}:devices', device, user)
  }
  pipeline.hset('{hd}:site:paris', { name: 'Paris', timezone: 'Europe/Paris', language: 'fr', emergency: '112 15' })
  pipeline.hset('{hd}:node:paris-1', { site: 'paris', sip: 'udp:192.0.2.10:5060', boot: 'b1' })
  await pipeline.exec()
  redis.disconnect()
}

async function openNode({ phones, socket, folder, dist }) {
  const load = (name) => import(pathToFileURL(path.join(dist, name)).href)
  const [{ systemClock }, { silentLogger }, { createMetrics }, { Secret }, { createSeal }] = await Promise.all(
    ['base/clock.js', 'base/logger.js', 'base/metrics.js', 'base/secret.js', 'base/seal.js'].map(load),
  )
  const [{ createContacts, createDirectory, createPhoneTokens }, { createLivePlan, loadDialplan }, { hotdeskLibrary }] = await Promise.all(
    ['directory/directory.js', 'dialplan/dialplan.js', 'hotdesk/hotdesk.js'].map(load),
  )
  const [{ createStore }, { createHttpServer }, { createProvisioning }] = await Promise.all(
    ['store/store.js', 'http/http.js', 'provisioning/provisioning.js'].map(load),
  )
  const [secret, network, log, metrics] = [new Secret('the secret of the benchmark'), 'hd', silentLogger(), createMetrics()]
  const seal = createSeal(secret, network)
  await fill({ socket, phones }, seal, Secret)
  const redis = { kind: 'url', url: new Secret(`unix://${socket}`) }
  const common = { redis, network, data: folder, functions: hotdeskLibrary, loading: 'own', durability: 'local' }
  const store = await createStore({ ...common, clock: systemClock, log, metrics })
  const directory = createDirectory({ store, seal, log })
  const contacts = createContacts({ store, log, operator: null })
  const file = 'dialplans/paris.yaml'
  const plan = createLivePlan(loadDialplan({ text: readFileSync(file, 'utf8'), file, log }), (fault) => console.error(fault))
  const provisioning = createProvisioning({
    parts: {
      store,
      directory,
      contacts,
      plan,
      registrar: { bindingsOf: () => [], passwordGuesses: { mayTry: () => true, failed: () => undefined } },
      hotdesk: { userOn: (device) => store.replica.hash('devices')?.get(device) ?? null },
    },
    line: { domain: 'hotdesk.example', expiresSeconds: 3_600, servers: [] },
    templatesFolder: null,
    secret,
    site: 'paris',
    network,
    realm: 'hotdesk.example',
    algorithms: ['MD5'],
    url: 'http://phones.example',
    networks: ['127.0.0.0/8'],
    clock: systemClock,
    log,
    metrics,
  })
  const server = createHttpServer({ address: '127.0.0.1', port: 0, tls: null, limits: { total: 4_096, perSource: 4_096 }, log })
  provisioning.addRoutes(server.router)
  const port = Number(new URL(await server.open()).port)
  const tokens = createPhoneTokens(secret, network)
  const folders = Array.from({ length: phones }, (_, index) => {
    const device = deviceOf(index)
    return `/p/${tokens.print({ device, scope: 'phone' }, `salt of ${device}`).reveal()}/`
  })
  return {
    folders,
    port,
    async close() {
      await server.close()
      provisioning.close()
      contacts.close()
      directory.close()
      await store.close()
    },
  }
}

async function ask({ folders, port, seconds }) {
  const first = { ms: [], failed: 0, bytes: 0 }
  const again = { ms: [], failed: 0, bytes: 0 }
  await Promise.all(
    folders.map(async (folder, index) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * seconds * 1_000))
      const [agent, fileOf] = makes[index % makes.length]
      const target = `${folder}${fileOf(macOf(index))}`
      const etag = await fetchOnce({ port, target, headers: { 'user-agent': agent } }, first, 200)
      await fetchOnce({ port, target, headers: { 'user-agent': agent, 'if-none-match': etag } }, again, 304)
    }),
  )
  parentPort.postMessage([first, again])
}

function fetchOnce({ port, target, headers }, into, expected) {
  return new Promise((resolve) => {
    const began = performance.now()
    const sent = http.get({ host: '127.0.0.1', port, path: target, headers, agent: false }, (response) => {
      response.on('data', (piece) => {
        into.bytes += piece.length
      })
      response.on('end', () => {
        into.ms.push(performance.now() - began)
        if (response.statusCode !== expected) into.failed++
        resolve(String(response.headers.etag))
      })
    })
    sent.on('error', () => {
      into.failed++
      resolve('')
    })
  })
}
