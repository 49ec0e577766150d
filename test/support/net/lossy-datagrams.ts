import type { Alarm, Clock } from '../../../src/base/clock.js'
import type { Endpoint } from '../../../src/sipd/transport/flow.js'
import { type DatagramSocket, type OpenDatagramSocket, openUdpSocket } from '../../../src/sipd/transport/udp-socket.js'

/** How bad the network is; each a share of datagrams from 0 to 1. */
export interface Weather {
  readonly lost: number
  readonly doubled: number
  /** Held back by up to `delayMs`, so that others overtake them. */
  readonly delayed: number
  readonly delayMs: number
  /** The same seed loses the same datagrams. */
  readonly seed: number
}

export const badWeather: Weather = { lost: 0.2, doubled: 0.2, delayed: 0.2, delayMs: 30, seed: 1 }

/** What the weather did, so that a test can tell that there was any. */
export interface WeatherReport {
  sent: number
  lost: number
  doubled: number
  delayed: number
}

/** Real UDP sockets whose outgoing datagrams suffer from the weather. Put it in the place of `openDatagramSocket`. */
export function createLossyDatagrams(clock: Clock, weather: Weather = badWeather): { open: OpenDatagramSocket; report: WeatherReport } {
  const report: WeatherReport = { sent: 0, lost: 0, doubled: 0, delayed: 0 }
  const chance = createChance(weather.seed)
  const held = new Set<Alarm>()

  function post(socket: DatagramSocket, bytes: Buffer, remote: Endpoint): void {
    if (chance() >= weather.delayed) {
      socket.send(bytes, remote)
      return
    }
    report.delayed += 1
    const alarm = clock.after(chance() * weather.delayMs, () => {
      held.delete(alarm)
      socket.send(bytes, remote)
    })
    held.add(alarm)
  }

  function send(socket: DatagramSocket, bytes: Buffer, remote: Endpoint): void {
    report.sent += 1
    if (chance() < weather.lost) {
      report.lost += 1
      return
    }
    post(socket, bytes, remote)
    if (chance() >= weather.doubled) return
    report.doubled += 1
    post(socket, bytes, remote)
  }

  async function open(...needs: Parameters<OpenDatagramSocket>): Promise<DatagramSocket> {
    const socket = await openUdpSocket(...needs)
    return {
      bound: socket.bound,
      send: (bytes, remote) => send(socket, bytes, remote),
      probe: (remote) => socket.probe(remote),
      close() {
        for (const alarm of held) alarm.cancel()
        return socket.close()
      },
    }
  }

  return { open, report }
}

/** Mulberry32: small, fast, and the same everywhere. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
