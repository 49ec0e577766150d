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
 * Asks a trunk with OPTIONS (RFC 3261 §11) every `pingSeconds` whether it lives. Any response of its own except 503 says yes, because many
 * trunks refuse OPTIONS; it does not say that the trunk takes calls. A trunk that has never answered one is not judged by its silence.
 */
export function startPing(trunk: Trunk, { srf, health, clock, log }: PingNeeds): Alarm | null {
  if (trunk.pingSeconds === undefined) return null
  let hasAnswered = false

  async function ping(): Promise<void> {
    const inquiry = health.asked(trunk, 'OPTIONS')
    const { status, madeHere } = await srf.request('OPTIONS', trunk.uri)
    // It was never sent: that says nothing of the trunk.
    if (madeHere === 'link') return
    if (!madeHere && status !== 503) {
      hasAnswered = true
      inquiry.answered()
    } else if (hasAnswered && madeHere) inquiry.silent()
    else if (hasAnswered) inquiry.refused(status)
  }

  return every(clock, trunk.pingSeconds * 1000, ping, (err) => log.debug({ event: 'trunk.down', trunk: trunk.name, err }, 'ping failed'))
}
