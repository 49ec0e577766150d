// A flood of datagrams from loopback addresses, in a process of its own, so that it takes nothing from those who measure.
// `node flooder.mjs '{"target":"127.0.0.1:5060","addresses":["127.0.0.9"],"perSecond":5000,"message":"…"}'`; SIGTERM ends it, and it prints
// what went and came. `{n}` in the message is another number each time, `{via}` the address and port it is sent from.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const { target, addresses, perSecond, message } = JSON.parse(process.argv[2])
const [host, port] = target.split(':')
const tickMs = 10

const count = { sent: 0, sentBytes: 0, heard: 0, heardBytes: 0 }
const sockets = []
for (const address of addresses) {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 1 << 22, recvBufferSize: 1 << 20 })
  socket.on('error', () => undefined)
  socket.on('message', (bytes) => {
    count.heard += 1
    count.heardBytes += bytes.length
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  sockets.push({ socket, via: `${address}:${socket.address().port}` })
}
process.stdout.write('ready\n')

const begun = performance.now()
const pace = setInterval(() => {
  const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond)
  // What it is behind by more than a fifth of a second it leaves out.
  for (let left = Math.min(due - count.sent, perSecond / 5); left > 0; left -= 1) {
    const { socket, via } = sockets[count.sent % sockets.length]
    const bytes = Buffer.from(message.replaceAll('{n}', String(count.sent)).replaceAll('{via}', via), 'latin1')
    socket.send(bytes, Number(port), host)
    count.sent += 1
    count.sentBytes += bytes.length
  }
}, tickMs)

// Nobody ends it where the test has failed; its end of the pipe tells that the process of the test is gone.
process.stdin.on('end', () => process.exit(1)).resume()

process.on('SIGTERM', () => {
  clearInterval(pace)
  // What is on its way still counts.
  setTimeout(() => {
    process.stdout.write(`${JSON.stringify({ ...count, seconds: (performance.now() - begun) / 1_000 })}\n`, () => process.exit(0))
  }, 300)
})
