import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import type { TestNode } from '../node/node.js'
import type { Transport } from './case-file.js'

/** How a party reaches the node. Text is one character a byte. */
export interface Wire {
  /** `UDP`, as Via has it. */
  readonly transport: string
  /** `127.0.0.1:41234` */
  readonly address: string
  send(text: string): void
  close(): Promise<void>
}

export function openWire(transport: Transport, node: () => TestNode, take: (text: string) => void): Promise<Wire> {
  return { udp: overUdp, tcp: overTcp, ws: overWebSocket }[transport](node, take)
}

async function overUdp(node: () => TestNode, take: (text: string) => void): Promise<Wire> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  socket.on('message', (bytes) => take(bytes.toString('latin1')))
  return {
    transport: 'UDP',
    address: `127.0.0.1:${socket.address().port}`,
    send: (text) => socket.send(Buffer.from(text, 'latin1'), Number(node().udp.split(':')[1]), '127.0.0.1'),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

async function overTcp(node: () => TestNode, take: (text: string) => void): Promise<Wire> {
  const socket = connect(Number(node().tcp.split(':')[1]), '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  let rest = ''
  socket.on('data', (bytes) => {
    rest = cut(rest + bytes.toString('latin1'), take)
  })
  return {
    transport: 'TCP',
    address: `127.0.0.1:${socket.localPort}`,
    send: (text) => void socket.write(Buffer.from(text, 'latin1')),
    async close() {
      if (socket.closed) return
      socket.destroy()
      await once(socket, 'close')
    },
  }
}

/** Takes whole messages off the front and answers the rest. */
function cut(text: string, take: (message: string) => void): string {
  let rest = text.replace(/^(\r\n)+/, '')
  for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
    const whole = end + 4 + Number(/^(?:Content-Length|l): *(\d+)/im.exec(rest.slice(0, end))?.[1] ?? 0)
    if (rest.length < whole) break
    take(rest.slice(0, whole))
    rest = rest.slice(whole)
  }
  return rest
}

let nextName = 0

async function overWebSocket(node: () => TestNode, take: (text: string) => void): Promise<Wire> {
  const socket = new WebSocket(`ws://${node().address('ws')}`, 'sip')
  await once(socket, 'open')
  socket.on('message', (bytes: Buffer) => take(bytes.toString('latin1')))
  nextName += 1
  return {
    transport: 'WS',
    // RFC 7118 §5: a browser has no address to tell.
    address: `world${nextName}.invalid`,
    send: (text) => socket.send(Buffer.from(text, 'latin1')),
    async close() {
      const closed = once(socket, 'close')
      socket.terminate()
      await closed
    },
  }
}
