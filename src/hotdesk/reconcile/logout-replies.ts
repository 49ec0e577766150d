import { errors } from '../../base/errors.js'
import type { DeviceId } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'

/** Replies of `hotdesk_expire` and `hotdesk_evict`, the logouts that no user requested. */
const forcedLogoutWords = ['LOGGED_OUT', 'DRAINING', 'BUSY', 'EMERGENCY', 'OUTDATED', 'ALLOWED', 'NOT_YOURS'] as const
export type ForcedLogoutWord = (typeof forcedLogoutWords)[number]

/** Replies of `hotdesk_refresh`. */
const refreshWords = ['REFRESHING', 'NOWHERE', 'UNKNOWN_DEVICE', 'UNKNOWN_USER', 'NOT_YOURS'] as const

/** Replies of `hotdesk_site_lost`. */
const siteLostWords = ['LOST', 'UNCHANGED', 'ALIVE', 'UNKNOWN_SITE'] as const

/** Each throws AppError STORE_PROTOCOL for an unknown word. */
export const readForcedLogout = (reply: string): ForcedLogoutWord => wordOf(forcedLogoutWords, reply)
export const readRefresh = (reply: string): (typeof refreshWords)[number] => wordOf(refreshWords, reply)

export const readSiteLost = (reply: string): (typeof siteLostWords)[number] => wordOf(siteLostWords, reply)

function wordOf<Word extends string>(words: readonly Word[], reply: string): Word {
  const [first] = reply.split(' ')
  const word = words.find((each) => each === first)
  if (!word) throw errors.STORE_PROTOCOL.reply({ reply })
  return word
}

export interface ForcedLogout {
  readonly device: DeviceId
  readonly via: 'automatic' | 'deleted'
  /** Absent if only Redis knows it; the event has it. */
  readonly reason?: string
  readonly reply: string
}

/** Logs and counts a reply that changed something. */
export function reportForcedLogout(
  { device, via, reason, reply }: ForcedLogout,
  { log, metrics }: { log: Logger; metrics: Metrics },
): void {
  const word = readForcedLogout(reply)
  if (word !== 'LOGGED_OUT' && word !== 'DRAINING') return
  metrics.transitionsTotal.inc({ transition: 'logout', outcome: word })
  const event = word === 'DRAINING' ? 'hotdesk.draining' : 'hotdesk.logout'
  log.info({ event, device, via, reason, reply }, `automatic logout of ${device} (${reason ?? via}): ${reply}`)
}
