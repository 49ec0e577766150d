import { type Alarm, type Clock, every } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Trunk } from '../dialplan/dialplan.js'
import type { SipApplication } from '../srf/srf.js'
import type { Health } from './health.js'

export interface PingNeeds {
  readonly srf: SipApplication
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Asks the carrier with OPTIONS (RFC 3261 §11) whether its line lives, every `pingSeconds`. Any answer of its own but 503 says yes: many
 * refuse OPTIONS. A carrier that has never answered one is not judged by its silence.
 */
export function startPing(trunk: Trunk, { srf, health, clock, log }: PingNeeds): Alarm | null {
  if (trunk.pingSeconds === undefined) return null
  let hasAnswered = false

  async function ping(): Promise<void> {
    const { status } = await srf.request('OPTIONS', trunk.uri)
    if (status !== 408 && status !== 503) {
      hasAnswered = true
      health.worked(trunk)
    } else if (hasAnswered) health.failed(trunk, status)
  }

  return every(clock, trunk.pingSeconds * 1000, ping, (err) => log.debug({ event: 'trunk.down', trunk: trunk.name, err }, 'ping failed'))
}
