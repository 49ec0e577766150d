import type { Config } from '../../config/config.js'
import { overrideProblems } from '../../provisioning/provisioning.js'
import { withDirectory } from '../operator/network.js'
import { createPhoneViewer } from '../phones/phone-viewer.js'
import { type Finding, findingsAbout } from './finding.js'

/** Whether the operator's templates can be used for the phones for which they are. */
export async function templates(config: Config): Promise<readonly Finding[]> {
  const { templates: folder } = config.provisioning
  if (folder === null) return []
  const problems = await withDirectory(config, (directory, store) => {
    const viewer = createPhoneViewer(config, directory, store)
    const views = directory.devices().flatMap(({ id }) => viewer.now(id) ?? [])
    return Promise.resolve(overrideProblems(folder, views))
  })
  const { good, wrong } = findingsAbout('templates')
  if (problems.length === 0) return [good(folder)]
  return problems.map(({ template, problem }) =>
    wrong(`${template} is not used: ${problem}`, 'try a corrected one with `hotdesk phone preview --template`; then run hotdesk reload'),
  )
}
