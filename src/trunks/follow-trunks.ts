import type { LivePlan, Trunk } from '../dialplan/dialplan.js'

/**
 * Calls `begin` for each trunk in use, now and when a reload adds one. The function that it answers is called when the trunk is removed, or
 * at the end. A changed trunk is another trunk; an unchanged one keeps its state.
 */
export function followTrunks(plan: LivePlan, begin: (trunk: Trunk) => () => void): { close(): void } {
  const running = new Map<string, () => void>()

  function follow(trunks: readonly Trunk[]): void {
    const wanted = new Map(trunks.map((trunk) => [trunkKey(trunk), trunk]))
    for (const [key, end] of running) {
      if (wanted.has(key)) continue
      running.delete(key)
      end()
    }
    for (const [key, trunk] of wanted) if (!running.has(key)) running.set(key, begin(trunk))
  }

  follow(plan.current.trunks)
  const offChange = plan.onChange(({ trunks }) => follow(trunks))
  return {
    close() {
      offChange()
      for (const end of running.values()) end()
    },
  }
}

const keys = new WeakMap<Trunk, string>()

/** Equal for trunks with the same settings. Contains the password, so it is for comparison in memory only. */
export function trunkKey(trunk: Trunk): string {
  const known = keys.get(trunk)
  if (known !== undefined) return known
  const key = JSON.stringify({ ...trunk, password: trunk.password?.reveal() ?? null })
  keys.set(trunk, key)
  return key
}
