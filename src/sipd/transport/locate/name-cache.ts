import { createBoundedMap } from '../../bounded-map.js'
import type { NameTarget } from './names.js'

/** Caches resolved names for a short time. Concurrent queries for one name are sent once. */
export interface NameCache {
  get(key: string): readonly NameTarget[] | null
  resolve(key: string, resolveNow: () => Promise<readonly NameTarget[]>): Promise<readonly NameTarget[]>
}

/** node:dns does not show the TTL of most records, so the time is fixed and short. */
const keepMs = 30_000
const maxNames = 1_000

export function createNameCache({ clock }: { readonly clock: { now(): number } }): NameCache {
  const known = createBoundedMap<{ readonly until: number; readonly targets: readonly NameTarget[] }>(maxNames)
  const pending = new Map<string, Promise<readonly NameTarget[]>>()

  async function resolveOnce(key: string, resolve: () => Promise<readonly NameTarget[]>): Promise<readonly NameTarget[]> {
    try {
      const targets = await resolve()
      if (targets.length > 0) known.set(key, { until: clock.now() + keepMs, targets })
      return targets
    } finally {
      pending.delete(key)
    }
  }

  return {
    get(key) {
      const found = known.get(key)
      return found && found.until > clock.now() ? found.targets : null
    },
    resolve(key, resolveNow) {
      let query = pending.get(key)
      if (!query) {
        query = resolveOnce(key, resolveNow)
        pending.set(key, query)
      }
      return query
    },
  }
}
