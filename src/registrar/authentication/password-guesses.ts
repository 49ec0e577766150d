import type { Clock, Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import { sourceOf } from '../../sip/source-prefix.js'

/**
 * How the source of a password is related to the device that it names.
 * - `own`: the flow on which the device registered, or the Call-ID of its registration. Never held back, because nobody else has either.
 * - `known`: the address from which the device is registered, such as the NAT of its office. The other phones there look the same.
 * - `unknown`: any other address.
 */
export type SourceRelation = 'own' | 'known' | 'unknown'

export interface Attempt {
  readonly device: DeviceId
  /** False for a name that no device has. It is limited in the same way, but uses no memory of existing devices. */
  readonly exists: boolean
  readonly address: string
  readonly relation: SourceRelation
}

/** Limits password guessing, whatever else the source has proven. */
export interface PasswordGuesses {
  /** False after too many wrong passwords: refuse this one without checking it. */
  mayTry(attempt: Attempt): boolean
  /** A wrong password. */
  failed(attempt: Attempt): void
  /** The password of the device has changed, so earlier failures no longer count. */
  forget(device: DeviceId): void
}

/** After `free` failures, each further one doubles the wait, from one second up to `maxMs`. They are forgotten `forgetMs` after the last one. */
interface Limit {
  readonly free: number
  readonly maxMs: Milliseconds
  readonly forgetMs: Milliseconds
}

const minute = 60_000

/** A phone with a wrong password tries about every 30 s. After a correction it registers within a minute. */
const limits = {
  /** Guesses for one device from one source. */
  pair: { free: 10, maxMs: minute, forgetMs: 15 * minute },
  /** Guesses for one device from all sources except those from which it is registered. */
  device: { free: 50, maxMs: minute / 2, forgetMs: 60 * minute },
  /** Guesses from one source for all devices that are not registered from there. */
  source: { free: 100, maxMs: 2_000, forgetMs: 60 * minute },
} as const satisfies Record<string, Limit>

interface Failures {
  count: number
  last: Milliseconds
}

interface Guessed extends Failures {
  readonly sources: Map<string, Failures>
}

const maxDevices = 20_000
const maxSources = 20_000
const maxSourcesPerDevice = 64

export function createPasswordGuesses(clock: Clock): PasswordGuesses {
  const existing = new Map<string, Guessed>()
  const nonexistent = new Map<string, Guessed>()
  const sources = new Map<string, Failures>()
  const devicesOf = ({ exists }: Attempt) => (exists ? existing : nonexistent)

  function isOpen(failures: Failures | undefined, { free, maxMs, forgetMs }: Limit): boolean {
    if (!failures || failures.count < free) return true
    const waited = clock.now() - failures.last
    return waited >= Math.min(1_000 * 2 ** (failures.count - free), maxMs) || waited > forgetMs
  }

  function add(failures: Failures, { forgetMs }: Limit): void {
    const now = clock.now()
    failures.count = now - failures.last > forgetMs ? 1 : failures.count + 1
    failures.last = now
  }

  const none = (): Failures => ({ count: 0, last: clock.now() })
  const nothing = (): Guessed => ({ ...none(), sources: new Map() })

  return {
    mayTry(attempt) {
      if (attempt.relation === 'own') return true
      const source = sourceOf(attempt.address)
      const guessed = devicesOf(attempt).get(attempt.device)
      if (!isOpen(guessed?.sources.get(source), limits.pair)) return false
      return attempt.relation === 'known' || (isOpen(guessed, limits.device) && isOpen(sources.get(source), limits.source))
    },
    failed(attempt) {
      if (attempt.relation === 'own') return
      const source = sourceOf(attempt.address)
      const guessed = refreshed(devicesOf(attempt), attempt.device, maxDevices, nothing)
      add(refreshed(guessed.sources, source, maxSourcesPerDevice, none), limits.pair)
      if (attempt.relation === 'known') return
      add(guessed, limits.device)
      add(refreshed(sources, source, maxSources, none), limits.source)
    },
    forget: (device) => void existing.delete(device),
  }
}

/** Gets or makes the entry of a key and moves it to the end of the map. A full map loses its oldest entry. */
function refreshed<Value>(entries: Map<string, Value>, key: string, most: number, make: () => Value): Value {
  const value = entries.get(key) ?? make()
  entries.delete(key)
  const [oldest] = entries.keys()
  if (entries.size >= most && oldest !== undefined) entries.delete(oldest)
  entries.set(key, value)
  return value
}
