// Redis as hotdesk uses it: logins, reads on the way of a call, a large network, a change on its way to 20 nodes, a restart.
// `npm run bench -- redis`. Beside each figure: its goal, and how much of the CPU others had (idle, and taken by the host) meanwhile.
import { fork, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { cpuOf, machine, table } from './parts/machine.mjs'
import { deviceOf, fill, networkSecret, openDesk, openStore, startRedis, userOf } from './parts/redis.mjs'

/** The clock of the machine: the same in every process. */
const now = () => Number(process.hrtime.bigint()) / 1e6
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]
const here = import.meta.filename ?? new URL(import.meta.url).pathname

const [role, ...rest] = process.argv.slice(2)
if (role === 'loader') await load(...rest)
else if (role === 'followers') await follow(...rest)
else await measureAll()

async function measureAll() {
  const rows = [['', 'measured', 'goal', 'idle %', 'steal %']]
  const small = await startRedis()
  try {
    await fill(small.redis, { users: 10_000, devices: 2_000 })
    rows.push(await observed('login + logout through the function, 10,000 users', '≥ 1,000/s', () => pairs(small.socket, 'local')))
    rows.push(await observed('  the same, each confirmed by a replica', '', () => replicatedPairs(small)))
    rows.push(await observed('a change reaches 20 stores, p99 (p50)', '< 100 ms', () => spread(small)))
  } finally {
    await small.close()
  }
  const large = await startRedis()
  try {
    await fill(large.redis, { users: 100_000, devices: 50_000, seated: 40_000 })
    const loaded = []
    rows.push(
      await observed('100,000 users and 50,000 phones: loaded', '< 10 s', async () => {
        loaded.push(...(await several(3, large.socket)))
        return seconds(loaded)
      }),
    )
    rows.push(['  memory of that process, all told', `${median(loaded.map(({ rss }) => rss))} MB`, '< 400 MB', '', ''])
    rows.push(['  user, phone and seat looked up, CPU', `${median(loaded.map(({ us }) => us)).toFixed(2)} µs`, '≤ 5 µs', '', ''])
  } finally {
    await large.close()
  }
  rows.push(await observed('10,000 registered phones: start to first answer', '< 3 s', restarts))
  console.log(`\n${table(rows)}`)
}

/** What the machine did meanwhile. */
async function observed(title, goal, run) {
  const [before, began] = [machine(), performance.now()]
  process.stderr.write(`${title.trim()} …\n`)
  const measured = await run()
  const share = (key) => (((machine()[key] - before[key]) / (performance.now() - began)) * 100).toFixed(0)
  return [title, measured, goal, share('idle'), share('steal')]
}

// ── logins ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function replicatedPairs(primary) {
  const replica = await startRedis({ replicaOf: primary })
  try {
    return await pairs(primary.socket, 'replicated')
  } finally {
    await replica.close()
  }
}

async function pairs(socket, durability) {
  const store = await openStore(socket, { name: durability, durability })
  let [done, isOver, next] = [0, false, 0]
  async function desk(index) {
    while (!isOver) {
      const login = await store.transition('hotdesk_login', userOf(next++ % 10_000), deviceOf(index), 'dial-code')
      const logout = await store.transition('hotdesk_logout', deviceOf(index), 'drain', 'dial-code')
      if (login.certainty !== 'safe' || logout.certainty !== 'safe') throw new Error(`${login.certainty}, ${logout.certainty}`)
      done++
    }
  }
  const desks = Array.from({ length: 64 }, (_, index) => desk(index))
  const counts = []
  await pause(500)
  for (let window = 0; window < 9; window++) {
    const [before, at] = [done, now()]
    await pause(700)
    counts.push(((done - before) * 1_000) / (now() - at))
  }
  isOver = true
  await Promise.all(desks)
  await store.close()
  return `${Math.round(median(counts)).toLocaleString('en')}/s`
}

// ── a change on its way ──────────────────────────────────────────────────────────────────────────────────────────────

/** 20 logins a second, and 20 stores in four processes; from the moment it is asked for to the last store that has it. */
async function spread({ socket, redis }) {
  const followers = Array.from({ length: 4 }, (_, index) => fork(here, ['followers', socket, `f${index}`, '5']))
  await Promise.all(followers.map((child) => new Promise((resolve) => child.once('message', resolve))))
  const asked = new Map()
  for (let index = 0; index < 200; index++) {
    const device = deviceOf(1_000 + index)
    asked.set(device, now())
    await redis.call('FCALL', 'hotdesk_login', '1', '{hd}', userOf(5_000 + index), device)
    await pause(50)
  }
  const seen = await Promise.all(
    followers.map((child) => {
      const told = new Promise((resolve) => child.once('message', resolve))
      child.send('tell')
      return told
    }),
  )
  const delays = [...asked].map(([device, at]) => Math.max(...seen.flat().map((times) => (times[device] ?? Number.POSITIVE_INFINITY) - at)))
  return `${quantile(delays, 0.99).toFixed(1)} ms (${median(delays).toFixed(1)})`
}

async function follow(socket, name, count) {
  const stores = await Promise.all(Array.from({ length: Number(count) }, (_, index) => openStore(socket, { name: `${name}-${index}` })))
  const seen = []
  for (const store of stores) {
    const times = {}
    seen.push(times)
    const { hotdesk } = await openDesk(store)
    hotdesk.onChange(({ device, after }) => {
      if (after) times[device] = now()
    })
  }
  process.on('message', () => void pause(1_000).then(() => process.send(seen, () => process.exit(0))))
  process.send('ready')
}

// ── a large network ──────────────────────────────────────────────────────────────────────────────────────────────────

/** One after the other, each in a process of its own. */
async function several(times, socket) {
  const results = []
  for (let index = 0; index < times; index++) {
    const child = fork(here, ['loader', socket, `load-${index}`])
    results.push(await new Promise((resolve) => child.once('message', resolve)))
  }
  return results
}

function seconds(results) {
  const of = (key) => (median(results.map((result) => result[key])) / 1_000).toFixed(1)
  return `${of('ms')} s (${of('cpu')} s of CPU)`
}

async function load(socket, name) {
  const [began, cpuBefore] = [now(), cpuMs()]
  const store = await openStore(socket, { name })
  const { directory, hotdesk } = await openDesk(store)
  const [ms, cpu] = [now() - began, cpuMs() - cpuBefore]
  if (directory.users().length !== 100_000 || directory.devices().length !== 50_000) throw new Error('not all were loaded')
  const us = lookups(directory, hotdesk)
  const rss = Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024)
  process.send({ ms, cpu, us, rss }, () => process.exit(0))
}

/** Of this process. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** What the way of a call asks: where the user sits, who that is, and what is known of the phone. In µs of CPU time. */
function lookups(directory, hotdesk) {
  const rounds = []
  let found = 0
  for (let round = 0; round < 11; round++) {
    const began = cpuMs()
    for (let index = 0; index < 20_000; index++) {
      const user = userOf((index * 7_919) % 40_000)
      const [device] = hotdesk.devicesOf(user)
      if (directory.user(user) && directory.device(device) && hotdesk.userOn(device) === user) found++
    }
    rounds.push(((cpuMs() - began) * 1_000) / 20_000)
  }
  if (found !== 220_000) throw new Error(`${found} were found`)
  return median(rounds)
}

// ── a restart ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function restarts() {
  const server = await startRedis()
  try {
    await fill(server.redis, { users: 10_000, devices: 10_000, seated: 5_000, node: 'bench-1' })
    const rounds = []
    for (let round = 0; round < 5; round++) rounds.push(await untilAnswered(server))
    return seconds(rounds)
  } finally {
    await server.close()
  }
}

/** From the start of the process to its answer to an INVITE, which is repeated until there is one. The node is killed then. */
async function untilAnswered({ folder, socket }) {
  const phone = createSocket('udp4').bind(0, '127.0.0.1')
  await new Promise((resolve) => phone.once('listening', resolve))
  const target = await udpPort()
  const config = await configure(folder, socket, target)
  const main = path.join(path.dirname(here), '../../dist/main.js')
  const began = now()
  const node = spawn(process.execPath, [main, 'start', '--config', config], { stdio: ['ignore', 'pipe', 'inherit'] })
  node.stdout.resume()
  const ended = new Promise((resolve) => node.once('exit', resolve))
  const invite = inviteFrom(phone.address().port, target)
  const knocking = setInterval(() => phone.send(invite, target, '127.0.0.1'), 20)
  await new Promise((resolve) => phone.on('message', (text) => /^SIP\/2.0 [2-6]/.test(String(text)) && resolve()))
  const lasted = { ms: now() - began, cpu: cpuOf(node.pid) }
  clearInterval(knocking)
  phone.close()
  node.kill('SIGKILL')
  await ended
  return lasted
}

async function configure(folder, socket, port) {
  const place = path.join(folder, 'node')
  await mkdir(place, { recursive: true })
  const settings = {
    node: 'bench-1',
    site: 'paris',
    redis: { url: `unix://${socket}`, functions: 'install' },
    secret: networkSecret,
    sip: { domain: 'hotdesk.example', listen: [`udp://127.0.0.1:${port}`] },
    http: { listen: '127.0.0.1:0' },
    media: { address: '127.0.0.1' },
    data: path.join(place, 'data'),
    log: { level: 'info', form: 'json' },
  }
  await writeFile(path.join(place, 'hotdesk.yaml'), JSON.stringify(settings))
  return path.join(place, 'hotdesk.yaml')
}

function inviteFrom(port, target) {
  const device = deviceOf(1)
  const lines = [
    `INVITE sip:100002@127.0.0.1:${target} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${now()}`,
    'Max-Forwards: 70',
    `From: <sip:${device}@hotdesk.example>;tag=bench`,
    'To: <sip:100002@hotdesk.example>',
    `Call-ID: bench-${now()}`,
    'CSeq: 1 INVITE',
    `Contact: <sip:${device}@127.0.0.1:${port}>`,
    'Content-Length: 0',
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

async function udpPort() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await new Promise((resolve) => socket.once('listening', resolve))
  const { port } = socket.address()
  await new Promise((resolve) => socket.close(resolve))
  return port
}

function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
