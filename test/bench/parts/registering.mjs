// Sends REGISTERs from a hundred addresses, each a transaction of its own, and counts the answers.
// `node registering.mjs <SIP port> <rate, 0: as fast as they are answered> <how many>`; tells its result as one line of JSON.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const [port, rate, total] = process.argv.slice(2).map(Number)
const sources = 100
const mostOpen = 500
const patienceMs = 5_000

const sent = new Map()
const times = []
let next = 0
let lastHeard = performance.now()
const sockets = await Promise.all(Array.from({ length: sources }, (_, at) => open(`127.0.1.${at + 1}`)))
const began = performance.now()
await new Promise((resolve) => {
  const pump = setInterval(() => {
    const due = rate > 0 ? Math.min(total, Math.floor(((performance.now() - began) / 1_000) * rate)) : total
    while (next < due && (rate > 0 || sent.size < mostOpen)) send()
    const isOver = next === total && (sent.size === 0 || performance.now() - lastHeard > patienceMs)
    if (!isOver) return
    clearInterval(pump)
    resolve()
  }, 1)
})
const seconds = (lastHeard - began) / 1_000
const sorted = times.toSorted((a, b) => a - b)
const at = (share) => Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(1))
console.log(
  JSON.stringify({ answered: times.length, lost: sent.size, perSecond: Math.round(times.length / seconds), p50: at(0.5), p99: at(0.99) }),
)
process.exit(0)

async function open(address) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024, lookup: (host, _options, found) => found(null, host, 4) })
  const listening = once(socket, 'listening')
  socket.bind(0, address)
  await listening
  socket.on('message', heard)
  return { socket, address, port: socket.address().port }
}

function send() {
  const { socket, address, port: own } = sockets[next % sources]
  const id = `${process.pid}-${next}`
  next += 1
  const lines = [
    'REGISTER sip:hotdesk.example SIP/2.0',
    `Via: SIP/2.0/UDP ${address}:${own};rport;branch=z9hG4bK-${id}`,
    'Max-Forwards: 70',
    `From: <sip:HD0001@hotdesk.example>;tag=${id}`,
    'To: <sip:HD0001@hotdesk.example>',
    `Call-ID: ${id}@${address}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:HD0001@${address}:${own}>;expires=3600`,
    'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY',
    'User-Agent: a desk phone',
    'Content-Length: 0',
  ]
  sent.set(id, performance.now())
  socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, '127.0.0.1')
}

function heard(bytes) {
  const id = /branch=z9hG4bK-([\d-]+)/.exec(bytes.toString('latin1'))?.[1]
  const at = sent.get(id)
  if (at === undefined) return
  sent.delete(id)
  lastHeard = performance.now()
  times.push(lastHeard - at)
}
