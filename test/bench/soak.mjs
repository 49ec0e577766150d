// Ten minutes of everything at once, and what is left of it: `npm run soak`, or `node test/bench/soak.mjs --seconds 60`.
// Calls, callers who give up, registrations and messages that are none. What each thread holds, memory and open files are read at rest, before
// and after.
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { memoryOf, openFilesOf, table } from './parts/machine.mjs'
import { furnish, startNode, stopNode } from './parts/node.mjs'
import { answering, freePort, load } from './parts/sipp.mjs'

const here = import.meta.dirname
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } })
const seconds = Number(values.seconds)
/** Longer than any timer of RFC 3261 §17 lives after its transaction. */
const restSeconds = 40

const [trunkPort, calleePort, phonePort] = [await freePort(), await freePort(), await freePort()]
const collector = path.join(here, 'parts/collect.mjs')
const collected = await mkdtemp(path.join(tmpdir(), 'hotdesk-soak-'))
process.env.COLLECTED_IN = collected
const node = await startNode(trunkPort, ['--expose-gc', '--import', collector])
const network = await furnish(node)
const scenario = (name) => path.join(here, 'parts', `${name}.xml`)
const phone = (device) => ['-key', 'device', device, '-au', device, '-ap', 'bench']
let callee
let bank
try {
  await network.store.call('hotdesk_login', '100', 'HD0001')
  const register = (device, port, rate, lasting) =>
    load({ scenario: scenario('register'), target: node.sip, rate, seconds: lasting, port, more: phone(device) })
  for (let tries = 0; tries < 3 && (await register('HD0001', calleePort, 1, 1)).ok === 0; tries++);
  callee = answering('uas', calleePort)
  await ringingPhone('HD0003', '101')
  // The machine warms up: what the first calls leave behind is code and not a leak.
  await traffic(Math.min(20, seconds))
  const before = await atRest()
  const counts = await traffic(seconds)
  const after = await atRest()
  console.log(`\n${seconds} s of mixed traffic\n`)
  console.log(table([['', 'done', 'failed'], ...counts.map(([name, { ok, failed }]) => [name, ok, failed])]))
  console.log('')
  console.log(table([['at rest', 'before', 'after'], ...Object.keys(before).map((name) => [name, before[name], after[name]])]))
} finally {
  callee?.end()
  await bank?.close()
  await network.close()
  await stopNode(node)
  await rm(collected, { recursive: true, force: true })
}

async function traffic(lasting) {
  const stop = noise(lasting)
  const trunk = { target: node.sip, port: trunkPort }
  const dialling = (number) => ['-s', number]
  const half = lasting / 2
  // One line, one port: callers who give up come after those who talk.
  const calls = load({ ...trunk, scenario: scenario('call'), rate: 20, seconds: half, more: dialling('+3314000100') }).then(
    async (talk) => [talk, await load({ ...trunk, scenario: scenario('cancel'), rate: 20, seconds: half, more: dialling('+3314000101') })],
  )
  const registrations = load({
    scenario: scenario('register'),
    target: node.sip,
    rate: 10,
    seconds: lasting,
    port: phonePort,
    more: phone('HD0002'),
  })
  const [[talk, givenUp], registered] = await Promise.all([calls, registrations])
  return [
    ['calls', talk],
    ['given up', givenUp],
    ['registrations', registered],
    ['messages that are none', { ok: stop(), failed: 0 }],
  ]
}

/** A phone that rings and is never answered. */
async function ringingPhone(device, extension) {
  const { createSoftphones } = await network.from('softphones/softphones.js')
  const { systemClock, silentLogger, Secret } = network
  bank = await createSoftphones({ clock: systemClock, log: silentLogger() })
  await bank.phone({ device, password: new Secret('bench'), node: node.sip, domain: 'hotdesk.example' }).register(3_600)
  await network.store.call('hotdesk_login', extension, device)
}

/** Bytes, half messages and lies about lengths, 50 a second. */
function noise(lasting) {
  const socket = createSocket('udp4')
  const [host, port] = node.sip.split(':')
  const shapes = [
    () => randomBytes(200),
    () => Buffer.from('INVITE sip:100@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\n'),
    () =>
      Buffer.from(
        `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK${randomBytes(4).toString('hex')}\r\nContent-Length: 99999\r\n\r\n`,
      ),
    () => Buffer.from(`REGISTER sip:x SIP/2.0\r\nFrom: ${' '.repeat(16_000)}<sip:x@x>;tag=1\r\n\r\n`),
  ]
  let sent = 0
  const timer = setInterval(() => {
    socket.send(shapes[sent % shapes.length](), Number(port), host)
    sent += 1
  }, 20)
  const end = setTimeout(() => clearInterval(timer), lasting * 1_000)
  return () => {
    clearInterval(timer)
    clearTimeout(end)
    socket.close()
    return sent
  }
}

async function atRest() {
  await pause(restSeconds * 1_000)
  const threads = await collectedOf()
  const text = await (await fetch(`${node.http}/metrics`)).text()
  const metric = (name) =>
    [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (.+)$`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0)
  return {
    ...threads,
    'memory MB': memoryOf(node.child.pid),
    'open files': openFilesOf(node.child.pid),
    'calls up': metric('hotdesk_calls_active'),
  }
}

/** What each thread of the node holds: garbage is not a leak. */
async function collectedOf() {
  for (const file of await readdir(collected)) await rm(path.join(collected, file))
  node.child.kill('SIGPWR')
  await pause(2_000)
  const rows = {}
  for (const file of (await readdir(collected)).toSorted()) {
    const { heap, timers, handles } = JSON.parse(await readFile(path.join(collected, file), 'utf8'))
    const thread = path.parse(file).name
    Object.assign(rows, {
      [`${thread}: heap MB`]: (heap / 1024 / 1024).toFixed(1),
      [`${thread}: timers`]: timers,
      [`${thread}: handles`]: handles,
    })
  }
  return rows
}
