import type { NameTarget } from './names.js'

/** Remembers names a short while, and asks once for many that ask together. */
export interface NameCache {
  get(key: string): readonly NameTarget[] | null
  ask(key: string, resolve: () => Promise<readonly NameTarget[]>): Promise<readonly NameTarget[]>
}

/** node:dns hides the times to live of most records, so the time is fixed and short. */
const keepMs = 30_000
const maxNames = 1_000

export function createNameCache({ clock }: { readonly clock: { now(): number } }): NameCache {
  const known = new Map<string, { readonly until: number; readonly targets: readonly NameTarget[] }>()
  const pending = new Map<string, Promise<readonly NameTarget[]>>()

  function remember(key: string, targets: readonly NameTarget[]): void {
    const oldest = known.size >= maxNames ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    known.set(key, { until: clock.now() + keepMs, targets })
  }

  async function resolveOnce(key: string, resolve: () => Promise<readonly NameTarget[]>): Promise<readonly NameTarget[]> {
    try {
      const targets = await resolve()
      if (targets.length > 0) remember(key, targets)
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
    ask(key, resolve) {
      let answer = pending.get(key)
      if (!answer) {
        answer = resolveOnce(key, resolve)
        pending.set(key, answer)
      }
      return answer
    },
  }
}
