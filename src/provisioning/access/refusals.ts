import { type Clock, type Milliseconds, pause } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { fromZero, type Metrics } from '../../base/metrics.js'
import { sourceOf } from '../../sip/source-prefix.js'

/**
 * Why a request gets nothing: label of the metric, and `reason` in the log.
 * - `network`: from outside the networks of phones. `token`: a wrong one. `password`: a wrong one. `held`: not checked, after too many wrong ones.
 * - `mac`: no phone has this address, or the phone has proven nothing.
 */
const refusalReasons = ['network', 'token', 'password', 'held', 'mac'] as const
export type RefusalReason = (typeof refusalReasons)[number]

export interface Refusals {
  /** Counts and logs a refusal; resolves when it may be sent, which is later with each one from the source. */
  note(
    reason: RefusalReason,
    details: { readonly address: string; readonly device: string | null; readonly mac: string | null },
  ): Promise<void>
}

export interface RefusalNeeds {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'provisioningRefusedTotal'>
}

interface Failures {
  count: number
  last: Milliseconds
}

/** The first ones are answered at once: a phone with a wrong URL tries several files. */
const free = 8
const firstMs: Milliseconds = 125
const longestMs: Milliseconds = 4_000
const forgetMs: Milliseconds = 10 * 60_000
const maxSources = 10_000

/** Only refusals wait, so guessing slows nobody who has a proof, even behind the same address. */
export function createRefusals({ clock, log, metrics }: RefusalNeeds): Refusals {
  const sources = new Map<string, Failures>()
  fromZero(
    metrics.provisioningRefusedTotal,
    refusalReasons.map((reason) => ({ reason })),
  )

  function failuresOf(address: string): Failures {
    const source = sourceOf(address)
    const known = sources.get(source)
    const now = clock.now()
    const failures = known && now - known.last <= forgetMs ? known : { count: 0, last: now }
    sources.delete(source)
    const [oldest] = sources.keys()
    if (sources.size >= maxSources && oldest !== undefined) sources.delete(oldest)
    sources.set(source, failures)
    return failures
  }

  return {
    async note(reason, { address, device, mac }) {
      metrics.provisioningRefusedTotal.inc({ reason })
      const failures = failuresOf(address)
      failures.count += 1
      failures.last = clock.now()
      const line = { event: 'provisioning.refused', reason, device, mac, source: address }
      log[reason === 'held' ? 'debug' : 'warn'](line, `no configuration for ${address}: ${words[reason]}`)
      if (failures.count > free) await pause(clock, Math.min(firstMs * 2 ** (failures.count - free - 1), longestMs))
    },
  }
}

const words: Readonly<Record<RefusalReason, string>> = {
  network: 'it is outside the networks of phones (`provisioning.networks`)',
  token: 'a wrong or revoked token',
  password: 'a wrong user name or password',
  held: 'too many wrong passwords; this one was not checked',
  mac: 'a phone that no record has, and that may not be enrolled now',
}
