import type { Clock, Milliseconds } from '../../../base/clock.js'
import { createBoundedMap } from './bounded-map.js'

/** What is known of those who send, by address; an IPv6 source is its /64, because one host has all of that. */
export interface Sources {
  /** It has shown a right password, or answers our own requests: no ban, and more of a share in bad times. */
  prove(address: string): void
  isProven(address: string): boolean
  isBanned(address: string): boolean
  /** A failed password, a message that makes no sense: too many of them ban a source that is not proven. True where it is banned by this. */
  fail(address: string): boolean
  /** Banned at once, unless proven. True where it is banned by this. */
  ban(address: string): boolean
  /** Takes one of the source's tokens; false where it has none left. */
  spend(address: string): boolean
  readonly bans: number
}

export interface SourceLimits {
  readonly banMs: Milliseconds
  /** Failures within `failureMs` that are too many. */
  readonly failures: number
  readonly failureMs: Milliseconds
  /** How long it must have failed at least: a whole office that starts at once behind one address fails for a moment. */
  readonly graceMs: Milliseconds
  readonly provenMs: Milliseconds
  /** Requests a second in bad times, for a proven source and for a stranger; each may have two seconds' worth at once. */
  readonly provenRate: number
  readonly strangerRate: number
}

export const defaultSourceLimits: SourceLimits = {
  banMs: 10 * 60_000,
  failures: 30,
  failureMs: 60_000,
  graceMs: 5_000,
  provenMs: 60 * 60_000,
  provenRate: 1_000,
  strangerRate: 20,
}

interface Failures {
  count: number
  readonly since: Milliseconds
}

interface Bucket {
  tokens: number
  at: Milliseconds
}

const mostSources = 50_000
const burstSeconds = 2

export function createSources({ clock, limits }: { readonly clock: Clock; readonly limits: SourceLimits }): Sources {
  const proven = createBoundedMap<Milliseconds>(mostSources)
  const banned = createBoundedMap<Milliseconds>(mostSources)
  const failing = createBoundedMap<Failures>(mostSources)
  const buckets = createBoundedMap<Bucket>(mostSources)
  const isUntil = (until: Milliseconds | undefined): boolean => until !== undefined && until > clock.now()

  function ban(source: string): boolean {
    if (isUntil(proven.get(source))) return false
    banned.set(source, clock.now() + limits.banMs)
    failing.delete(source)
    return true
  }

  function fail(source: string): boolean {
    const known = failing.get(source)
    const failures = known && clock.now() - known.since < limits.failureMs ? known : { count: 0, since: clock.now() }
    failures.count += 1
    failing.set(source, failures)
    return failures.count >= limits.failures && clock.now() - failures.since >= limits.graceMs && ban(source)
  }

  function isBanned(source: string): boolean {
    const until = banned.get(source)
    if (until === undefined) return false
    if (until > clock.now()) return true
    banned.delete(source)
    return false
  }

  function spend(source: string): boolean {
    const rate = isUntil(proven.get(source)) ? limits.provenRate : limits.strangerRate
    const now = clock.now()
    const bucket = buckets.get(source) ?? { tokens: rate * burstSeconds, at: now }
    bucket.tokens = Math.min(bucket.tokens + ((now - bucket.at) / 1_000) * rate, rate * burstSeconds)
    bucket.at = now
    buckets.set(source, bucket)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }

  return {
    prove: (address) => proven.set(sourceOf(address), clock.now() + limits.provenMs),
    isProven: (address) => isUntil(proven.get(sourceOf(address))),
    isBanned: (address) => banned.size > 0 && isBanned(sourceOf(address)),
    fail: (address) => fail(sourceOf(address)),
    ban: (address) => ban(sourceOf(address)),
    spend: (address) => spend(sourceOf(address)),
    get bans() {
      return banned.size
    },
  }
}

/** An IPv4 address as it is, an IPv6 one by its first four groups. */
export function sourceOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter((group) => group !== '').length
  const all = [...groups, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...(tail?.split(':') ?? [])]
  return `${all.slice(0, 4).join(':')}::/64`
}
