import type { WorldCase } from './case-file.js'
import { healTrunks } from './heal.js'
import { faultsOf, metricsGrow, readMetrics } from './judge.js'
import { playCase } from './play.js'
import type { WorldStage } from './stage.js'

/** Plays a case against the node. @throws Error with everything that is not as the case expects. */
export async function runCase(one: WorldCase, stage: WorldStage): Promise<void> {
  const before = one.expect.metrics ? await readMetrics(stage) : new Map<string, number>()
  const logs = (one.expect.log ?? []).map((event) => stage.node.logged(event))
  try {
    const faults = faultsOf(one, await playCase(one, stage))
    if (faults.length > 0) throw new Error(`${one.file}: ${faults.join('\n')}`)
    await metricsGrow(one, before, stage)
    await Promise.all(logs)
  } finally {
    await healTrunks(stage)
  }
}
