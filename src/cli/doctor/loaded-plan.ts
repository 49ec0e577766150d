import type { Config } from '../../config/config.js'
import { localTime } from '../history/entries.js'
import { stateOfNode } from '../nodes/node-state.js'
import { withDirectory } from '../operator/network.js'
import { type Finding, findingsAbout } from './finding.js'

/** Whether the running node of this configuration has loaded the dial plan that is on the disk. Its own findings name its trunks. */
export async function loadedPlan(config: Config): Promise<readonly Finding[]> {
  const { good, mind } = findingsAbout('loaded plan')
  const { node, site } = config
  const state = await withDirectory(config, async (directory, store) =>
    // An earlier version answers no requests.
    directory.node(node)?.takes.includes('requests') ? stateOfNode({ node, site }, directory, store) : null,
  )
  if (state === null) return []
  if ('fault' in state) return [mind(state.fault.says, state.fault.todo)]
  const { problems, file, loaded } = state.answer.plan
  if (problems.length > 0) return problems.map((problem) => mind(`${file}: ${problem}`, 'correct it if necessary, then run hotdesk reload'))
  return [good(`${node} has loaded ${file}, ${localTime(Date.parse(loaded))}`)]
}
