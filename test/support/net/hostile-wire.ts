import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type Alarm, systemClock } from '../../../src/base/clock.js'

/** Bytes to a node, whatever they are, and what comes back. */
export interface HostileWire {
  send(bytes: Buffer | string): void
  /** Text of all that came back. */
  heard(): string
  /** Resolves with what came back when it fits. */
  hears(wanted: RegExp, withinMs?: number): Promise<RegExpExecArray>
  /** Of a stream: resolves when the node has closed it. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

export interface HostileDatagrams extends HostileWire {
  /** Where responses must go: a request without `rport` names it in its Via (RFC 3261 §18.2.2). */
  readonly port: number
}

/** Datagrams from a loopback address that no other program uses. */
export async function openHostileDatagrams(node: string): Promise<HostileDatagrams> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 1024 * 1024, recvBufferSize: 1024 * 1024 })
  const [host = '', port = ''] = node.split(':')
  socket.bind(0, `127.0.${1 + Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`)
  await once(socket, 'listening')
  const ear = createEar()
  socket.on('message', ear.take)
  socket.on('error', () => undefined)
  return {
    ...ear,
    port: socket.address().port,
    send: (bytes) => socket.send(bytes, Number(port), host),
    closed: once(socket, 'close').then(() => undefined),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

/** `from`: a loopback address of its own, so that it has a share of its own. */
export async function openHostileStream(node: string, from = '127.0.0.1'): Promise<HostileWire> {
  const [host = '', port = ''] = node.split(':')
  const socket = connect({ port: Number(port), host, localAddress: from })
  await once(socket, 'connect')
  const ear = createEar()
  socket.on('data', ear.take)
  socket.on('error', () => undefined)
  // `once` of node:events would reject for a connection that was reset.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return {
    ...ear,
    send: (bytes) => void socket.write(bytes),
    closed,
    async close() {
      // What was sent still gets there.
      socket.end()
      const tooLate = systemClock.after(2_000, () => socket.destroy())
      await closed
      tooLate.cancel()
    },
  }
}

function createEar() {
  const looks = new Set<() => void>()
  let text = ''
  return {
    take(bytes: Buffer): void {
      text += bytes.toString('latin1')
      for (const look of looks) look()
    },
    heard: () => text,
    hears(wanted: RegExp, withinMs = 5_000): Promise<RegExpExecArray> {
      return new Promise((resolve, reject) => {
        let alarm: Alarm | null = null
        const look = (): void => {
          const found = wanted.exec(text)
          if (!found) return
          looks.delete(look)
          alarm?.cancel()
          resolve(found)
        }
        alarm = systemClock.after(withinMs, () => {
          looks.delete(look)
          reject(new Error(`${String(wanted)} was not heard, but: ${text.slice(-500) || 'nothing'}`))
        })
        looks.add(look)
        look()
      })
    },
  }
}
