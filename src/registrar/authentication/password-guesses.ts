import type { Clock, Milliseconds } from '../../base/clock.js'
import type { DeviceId } from '../../base/identity.js'
import { sourceOf } from '../../sip/uri/uri.js'

/**
 * What the sender of a password is to the device that it names.
 * - `own`: the flow that the device registered on, or the Call-ID of its registration. Never held back: a stranger has neither.
 * - `known`: the address that the device is registered from, such as the NAT of its office. Its other phones cannot be told from it.
 * - `strange`: any other address.
 */
export type Standing = 'own' | 'known' | 'strange'

export interface Attempt {
  readonly device: DeviceId
  /** False for a name that no device has: it is limited in the same way, and takes no memory from those that exist. */
  readonly exists: boolean
  readonly address: string
  readonly standing: Standing
}

/** Limits the guessing of passwords, whatever else the source has proven. */
export interface PasswordGuesses {
  /** False: too many wrong passwords came before. This one must be refused without a look at it. */
  mayTry(attempt: Attempt): boolean
  /** A wrong password. */
  failed(attempt: Attempt): void
  /** The device has another password: what failed before counts no more. */
  forget(device: DeviceId): void
}

/** After `free` failures each one doubles the wait, from a second up to `mostMs`. All is forgotten `forgetMs` after the last. */
interface Limit {
  readonly free: number
  readonly mostMs: Milliseconds
  readonly forgetMs: Milliseconds
}

export interface PasswordGuessLimits {
  /** One device, guessed from one source. */
  readonly pair: Limit
  /** One device, from all sources that it is not registered from. */
  readonly device: Limit
  /** One source, for all devices that are not registered from it. */
  readonly source: Limit
}

const minute = 60_000

/** A phone with a wrong password tries every 30 s or so: a corrected one gets in within a minute. */
export const defaultPasswordGuessLimits: PasswordGuessLimits = {
  pair: { free: 10, mostMs: minute, forgetMs: 15 * minute },
  device: { free: 50, mostMs: minute / 2, forgetMs: 60 * minute },
  source: { free: 100, mostMs: 2_000, forgetMs: 60 * minute },
}

interface Failures {
  count: number
  last: Milliseconds
}

interface Guessed extends Failures {
  readonly sources: Map<string, Failures>
}

const mostDevices = 20_000
const mostSources = 20_000
const mostSourcesOfOne = 64

export function createPasswordGuesses({ clock, limits }: { readonly clock: Clock; readonly limits: PasswordGuessLimits }): PasswordGuesses {
  const existing = new Map<string, Guessed>()
  const imaginary = new Map<string, Guessed>()
  const sources = new Map<string, Failures>()
  const devicesOf = ({ exists }: Attempt) => (exists ? existing : imaginary)

  function isOpen(failures: Failures | undefined, { free, mostMs, forgetMs }: Limit): boolean {
    if (!failures || failures.count < free) return true
    const waited = clock.now() - failures.last
    return waited >= Math.min(1_000 * 2 ** (failures.count - free), mostMs) || waited > forgetMs
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
      if (attempt.standing === 'own') return true
      const source = sourceOf(attempt.address)
      const guessed = devicesOf(attempt).get(attempt.device)
      if (!isOpen(guessed?.sources.get(source), limits.pair)) return false
      return attempt.standing === 'known' || (isOpen(guessed, limits.device) && isOpen(sources.get(source), limits.source))
    },
    failed(attempt) {
      if (attempt.standing === 'own') return
      const source = sourceOf(attempt.address)
      const guessed = renewed(devicesOf(attempt), attempt.device, mostDevices, nothing)
      add(renewed(guessed.sources, source, mostSourcesOfOne, none), limits.pair)
      if (attempt.standing === 'known') return
      add(guessed, limits.device)
      add(renewed(sources, source, mostSources, none), limits.source)
    },
    forget: (device) => void existing.delete(device),
  }
}

/** The entry of a key, now the youngest of its map; a full map loses its oldest. */
function renewed<Value>(entries: Map<string, Value>, key: string, most: number, make: () => Value): Value {
  const value = entries.get(key) ?? make()
  entries.delete(key)
  const [oldest] = entries.keys()
  if (entries.size >= most && oldest !== undefined) entries.delete(oldest)
  entries.set(key, value)
  return value
}
