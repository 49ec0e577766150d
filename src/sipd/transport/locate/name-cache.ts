import { createBoundedMap } from '../../bounded-map.js'
import type { NameTarget } from './names.js'

type Resolve = () => Promise<readonly NameTarget[]>

/**
 * Caches resolved names. Concurrent queries for one name are sent once. Targets that are slightly old are used while a query runs, and older
 * ones if it gives none (RFC 8767): no call waits for a resolver that is down, and none fails because of it.
 */
export interface NameCache {
  /** Null if the call has to wait for `resolve`. `resolveNow` renews targets that are slightly old. */
  get(key: string, resolveNow: Resolve): readonly NameTarget[] | null
  resolve(key: string, resolveNow: Resolve): Promise<readonly NameTarget[]>
}

interface Known {
  readonly targets: readonly NameTarget[]
  /** When the DNS gave them. */
  readonly at: number
  /** When the latest query ended. */
  readonly checked: number
}

/** node:dns shows no TTL of SRV, NAPTR and names in /etc/hosts, and another resolver would not read that file. So the time is fixed and short. */
const keepMs = 30_000
/** The addresses of trunks are queried every minute, so a name that is in use stays younger than this. */
const slightlyOldMs = 300_000
/** RFC 8767 §5 suggests one to three days. */
const oldestMs = 24 * 60 * 60_000
const maxNames = 1_000

export function createNameCache({ clock }: { readonly clock: { now(): number } }): NameCache {
  const names = createBoundedMap<Known>(maxNames)
  const pending = new Map<string, Promise<readonly NameTarget[]>>()

  async function resolveOnce(key: string, resolveNow: Resolve): Promise<readonly NameTarget[]> {
    try {
      const found = await resolveNow()
      const now = clock.now()
      const known = found.length > 0 ? { targets: found, at: now, checked: now } : stillUsable(key)
      if (known) names.set(key, { ...known, checked: now })
      return known?.targets ?? []
    } finally {
      pending.delete(key)
    }
  }

  function stillUsable(key: string): Known | null {
    const known = names.get(key)
    return known && clock.now() - known.at < oldestMs ? known : null
  }

  function resolve(key: string, resolveNow: Resolve): Promise<readonly NameTarget[]> {
    let query = pending.get(key)
    if (!query) {
      query = resolveOnce(key, resolveNow)
      pending.set(key, query)
    }
    return query
  }

  return {
    get(key, resolveNow) {
      const known = stillUsable(key)
      const age = known ? clock.now() - known.checked : slightlyOldMs
      if (age >= slightlyOldMs) return null
      // Its failure is the next call's, which asks again.
      if (age >= keepMs) resolve(key, resolveNow).catch(() => undefined)
      return known?.targets ?? null
    },
    resolve,
  }
}
