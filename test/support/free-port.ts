import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const given = new Set<number>()

/** A port of 127.0.0.1 that nobody uses, neither over UDP nor over TCP, for a program that cannot choose one itself. Never the same twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await udpPort()
    if (given.has(port) || !(await isFreeOverTcp(port))) continue
    given.add(port)
    return port
  }
}

function udpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}

function isFreeOverTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
