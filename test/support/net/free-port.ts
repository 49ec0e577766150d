import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const given = new Set<number>()

/** Below the ports that the system gives to whoever leaves the choice to it: a port that rests meanwhile is nobody else's. */
const [lowest, highest] = [10_000, 20_000] as const
/** Files that run at the same time take from ranges of their own. */
const ranges = 8
const range = Number(process.env.VITEST_POOL_ID ?? 0) % ranges
const width = (highest - lowest) / ranges

/** A port of 127.0.0.1 that nobody uses, neither over UDP nor over TCP, for a program that cannot choose one itself. Never the same twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + range * width + randomInt(width)
    if (given.has(port) || !(await isFreeOverUdp(port)) || !(await isFreeOverTcp(port))) continue
    given.add(port)
    return port
  }
}

function isFreeOverUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => {
      socket.close()
      resolve(false)
    })
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })
}

function isFreeOverTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
