// Legitimate calls while a node is attacked, and what comes back to a forged source. `npm run bench attack`, everything on this machine:
// the attackers take as much of it as the node does, which in a real network they do not.

import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { table } from './parts/machine.mjs'
import { furnish, startNode, stopNode } from './parts/node.mjs'
import { freePort } from './parts/sipp.mjs'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '60' },
    rate: { type: 'string', default: '10' },
    flood: { type: 'string', default: '5000' },
    connections: { type: 'string', default: '12000' },
  },
})
const calls = Number(values.calls)
const flood = Number(values.flood)
const domain = 'hotdesk.example'
const patienceMs = 10_000
const many = Array.from({ length: 250 }, (_, at) => `127.9.1.${at + 1}`)

const request = (method, uri, more = [], body = '') =>
  [
    `${method} ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP {via};branch=z9hG4bKflood{n};rport',
    'Max-Forwards: 70',
    `From: <sip:somebody@${domain}>;tag=f{n}`,
    `To: <sip:somebody@${domain}>`,
    'Call-ID: flood-{n}',
    `CSeq: 1 ${method}`,
    'Contact: <sip:somebody@{via}>',
    ...more,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')

const invite = request('INVITE', `sip:101@${domain}`)
const help = request('INVITE', `sip:112@${domain}`, [
  `Proxy-Authorization: Digest username="HD0003", realm="${domain}", nonce="n", uri="sip:112@${domain}", response="00"`,
])
const large = request(
  'REGISTER',
  `sip:${domain}`,
  Array.from({ length: 8 }, () => `X-Large: ${'a'.repeat(7_500)}`),
  '',
)

const node = await startNode(await freePort())
const network = await furnish(node)
const { createSoftphones } = await network.from('softphones/softphones.js')
const bank = await createSoftphones({ clock: network.systemClock, log: network.silentLogger() })
const phone = (device) => bank.phone({ device, password: new network.Secret('bench'), node: node.sip, domain })
const [caller, callee] = [phone('HD0001'), phone('HD0002')]

const rows = [['attack', 'attack/s', 'calls', 'answered', 'p50 ms', 'p99 ms', 'longest']]
try {
  for (const each of [caller, callee]) await each.register()
  await network.store.call('hotdesk_login', '100', 'HD0001')
  await network.store.call('hotdesk_login', '101', 'HD0002')
  void answer()
  await measure('none (warming up)', quiet)
  await measure('none', quiet)
  await measure('INVITE, one address', () => flooding({ addresses: ['127.0.0.66'], perSecond: flood, message: invite }))
  await measure('INVITE, 250 forged addresses', () => flooding({ addresses: many, perSecond: flood, message: invite }))
  await measure('INVITE to 112, forged', () => flooding({ addresses: many, perSecond: flood, message: help }))
  await measure('REGISTER of 60 kB, forged', () => flooding({ addresses: many, perSecond: 1_500, message: large }))
  await measure(`idle TCP connections`, idle)
  console.log(`\n${calls} calls between registered phones, ${values.rate} a second, INVITE to 200 with its challenge\n`)
  console.log(table(rows))
  console.log(`\nOne datagram from an address that proves nothing\n`)
  console.log(table([['request', 'bytes', 'packets back', 'bytes back', 'factor'], ...(await reflections())]))
} finally {
  await bank.close()
  await network.close()
  await stopNode(node)
}
process.exit(0)

async function measure(attack, begin) {
  const end = await begin()
  const times = (await Promise.all(Array.from({ length: calls }, (_, at) => call(at))))
    .filter((ms) => ms !== null)
    .toSorted((a, b) => a - b)
  const rate = await end()
  const at = (share) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN)
  rows.push([attack, rate, calls, times.length, at(0.5), at(0.99), at(1)])
}

/** Milliseconds to the answer; null where there is none. */
async function call(number) {
  await pause((number * 1_000) / Number(values.rate))
  const began = performance.now()
  const dialled = await Promise.race([caller.dial('101').then(({ result }) => result), pause(patienceMs).then(() => null)])
  if (dialled?.outcome !== 'answered') return null
  const took = performance.now() - began
  await pause(200)
  await dialled.call.hangUp()
  return took
}

async function answer() {
  for (;;) void (await callee.nextCall()).answer().catch(() => undefined)
}

async function quiet() {
  return async () => 0
}

async function flooding(needs) {
  const program = path.join(import.meta.dirname, '../support/net/flooder.mjs')
  const child = spawn(process.execPath, [program, JSON.stringify({ target: node.sip, ...needs })], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  return async () => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const { sent, seconds } = JSON.parse((await lines.next()).value)
    await exited
    return Math.round(sent / seconds)
  }
}

async function idle() {
  const [host, port] = node.tcp.split(':')
  const sockets = []
  for (let at = 0; at < Number(values.connections); at += 100) {
    const some = Array.from({ length: 100 }, () =>
      connect({ host, port: Number(port), localAddress: `127.0.8.${1 + Math.floor(at / 500)}` }),
    )
    for (const socket of some) socket.on('error', () => undefined).resume()
    await Promise.all(some.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])))
    sockets.push(...some)
  }
  return async () => {
    for (const socket of sockets) socket.destroy()
    return sockets.length
  }
}

function reflections() {
  const requests = {
    INVITE: invite,
    REGISTER: request('REGISTER', `sip:${domain}`),
    OPTIONS: request('OPTIONS', `sip:${domain}`),
    'INVITE to 112': help,
    'unknown method': request('SHOUT', `sip:${domain}`),
    malformed: invite.replace(/CSeq: [^\r]*\r\n/, ''),
    'oversize REGISTER': large,
  }
  return Promise.all(Object.entries(requests).map(([what, message], at) => reflect(what, message, `127.0.9.${at + 1}`)))
}

async function reflect(what, message, address) {
  const socket = createSocket('udp4')
  let [packets, bytes] = [0, 0]
  socket.on('message', (datagram) => {
    packets += 1
    bytes += datagram.length
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  const text = message.replaceAll('{n}', `${at(address)}`).replaceAll('{via}', `${address}:${socket.address().port}`)
  const [host, port] = node.sip.split(':')
  socket.send(Buffer.from(text, 'latin1'), Number(port), host)
  await pause(5_000)
  socket.close()
  return [what, text.length, packets, bytes, (bytes / text.length).toFixed(2)]
}

function at(address) {
  return address.replaceAll('.', '')
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
