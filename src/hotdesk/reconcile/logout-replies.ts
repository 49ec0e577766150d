import { errors } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'

/** The words of `hotdesk_expire` and `hotdesk_evict`: what became of a login that nobody asked to end. */
const departures = ['LOGGED_OUT', 'DRAINING', 'BUSY', 'EMERGENCY', 'OUTDATED', 'ALLOWED', 'NOT_YOURS'] as const
export type Departure = (typeof departures)[number]

/** Of `hotdesk_refresh`. */
const refreshings = ['REFRESHING', 'NOWHERE', 'UNKNOWN_DEVICE', 'UNKNOWN_USER', 'NOT_YOURS'] as const

/** Of `hotdesk_site_lost`. */
const losses = ['LOST', 'UNCHANGED', 'ALIVE', 'UNKNOWN_SITE'] as const

/** Each throws AppError STORE_PROTOCOL for a word that is not on its list. */
export const readDeparture = (reply: string): Departure => wordOf(departures, reply)
export const readRefreshing = (reply: string): (typeof refreshings)[number] => wordOf(refreshings, reply)

export const readLoss = (reply: string): (typeof losses)[number] => wordOf(losses, reply)

function wordOf<Word extends string>(words: readonly Word[], reply: string): Word {
  const [first] = reply.split(' ')
  const word = words.find((each) => each === first)
  if (!word) throw errors.STORE_PROTOCOL.reply({ reply })
  return word
}

export interface DepartureNews {
  readonly device: DeviceId
  readonly via: 'automatic' | 'deleted'
  /** Left out where Redis alone knows it; its event has it. */
  readonly reason?: string
  readonly reply: string
}

/** What changed something is told; that it was another node's turn, or not the time, is nobody's news. */
export function tellDeparture({ device, via, reason, reply }: DepartureNews, { log, metrics }: { log: Logger; metrics: Metrics }): void {
  const departure = readDeparture(reply)
  if (departure !== 'LOGGED_OUT' && departure !== 'DRAINING') return
  metrics.transitionsTotal.inc({ transition: 'logout', outcome: departure })
  const event = departure === 'DRAINING' ? 'hotdesk.draining' : 'hotdesk.logout'
  log.info({ event, device, via, reason, reply }, `${device} by itself (${reason ?? via}): ${reply}`)
}
