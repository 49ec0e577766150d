import { type Alarm, type Clock, every } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Trunk } from '../dialplan/dialplan.js'
import type { SipApplication } from '../srf/srf.js'
import type { Health } from './health.js'
import { nextHop } from './reach.js'

export interface PingNeeds {
  readonly srf: SipApplication
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Sends OPTIONS (RFC 3261 §11) every `pingSeconds`. Any response of the trunk except 503 shows that it is alive, because many trunks refuse
 * OPTIONS; it does not show that the trunk takes calls. Silence counts only after the trunk has responded once.
 */
export function startPing(trunk: Trunk, { srf, health, clock, log }: PingNeeds): Alarm | null {
  if (trunk.pingSeconds === undefined) return null
  const { via } = nextHop(trunk, '')
  let hasResponded = false

  async function ping(): Promise<void> {
    const request = health.begin(trunk, 'OPTIONS')
    const { status, madeHere } = await srf.request('OPTIONS', trunk.uri, via === null ? {} : { via })
    // The request was never sent, so it shows nothing about the trunk.
    if (madeHere === 'link') return
    if (!madeHere && status !== 503) {
      hasResponded = true
      request.responded()
    } else if (hasResponded && madeHere) request.timedOut()
    else if (hasResponded) request.failed(status)
  }

  return every(clock, trunk.pingSeconds * 1000, ping, (err) => log.debug({ event: 'trunk.down', trunk: trunk.name, err }, 'ping failed'))
}
