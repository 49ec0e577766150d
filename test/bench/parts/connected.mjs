// Opens TCP connections, says one OPTIONS on each, and keeps them until it is ended: `node connected.mjs <SIP port> <how many>`.
import { once } from 'node:events'
import { connect } from 'node:net'

const [port, total] = process.argv.slice(2).map(Number)
const atOnce = 200
let answered = 0
for (let from = 0; from < total; from += atOnce)
  await Promise.all(Array.from({ length: Math.min(atOnce, total - from) }, (_, at) => open(from + at)))
console.log(JSON.stringify({ answered }))

async function open(number) {
  const address = `127.0.2.${(number % 250) + 1}`
  const socket = connect({ port, host: '127.0.0.1', localAddress: address })
  await once(socket, 'connect')
  const lines = [
    'OPTIONS sip:hotdesk.example SIP/2.0',
    `Via: SIP/2.0/TCP ${address}:5060;branch=z9hG4bK-${number}`,
    'Max-Forwards: 70',
    `From: <sip:HD${number}@hotdesk.example>;tag=${number}`,
    'To: <sip:hotdesk.example>',
    `Call-ID: ${number}@${address}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  await once(socket, 'data')
  answered += 1
}
