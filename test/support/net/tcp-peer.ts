import { createServer, type Socket } from 'node:net'

/** A bare TCP server on loopback that writes down what it receives and sends what it is told. */
export interface TcpPeer {
  readonly port: number
  /** Connections accepted so far. */
  readonly accepted: number
  text(): string
  /** How often that stands in what was received. */
  count(what: string): number
  /** Resolves when that has been received so often. */
  hears(what: string, times?: number): Promise<void>
  /** To the newest connection. */
  write(text: string): void
  /** Ends the newest connection. */
  hangUp(): void
  close(): Promise<void>
}

export async function openTcpPeer(port = 0): Promise<TcpPeer> {
  const sockets: Socket[] = []
  const waiting = new Set<() => void>()
  let received = ''
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      for (const look of waiting) look()
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const bound = server.address()
  const count = (what: string): number => received.split(what).length - 1
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : 0,
    get accepted() {
      return sockets.length
    },
    text: () => received,
    count,
    hears: (what, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (count(what) < times) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    write: (text) => void sockets.at(-1)?.write(text, 'latin1'),
    hangUp: () => void sockets.at(-1)?.destroy(),
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
