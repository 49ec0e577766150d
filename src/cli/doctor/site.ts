import { fileURLToPath } from 'node:url'
import { systemClock } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import { createRelayedLogger } from '../../base/logger.js'
import { readTlsFiles } from '../../base/settings/tls-files.js'
import type { Config } from '../../config.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import { loadPrompts } from '../../features/features.js'
import { readDialplan } from '../check.js'
import { type Finding, findingsAbout } from './finding.js'

/** The dial plan of the site; null where it cannot be used. */
export function sitePlan(config: Config): { readonly dialplan: Dialplan | null; readonly findings: readonly Finding[] } {
  const { good, wrong } = findingsAbout('dial plan')
  try {
    const dialplan = readDialplan(config)
    if (dialplan.trunks.length === 0)
      return {
        dialplan,
        findings: [wrong(`${config.dialplan} names no trunk: emergency calls cannot leave this site`, 'add a trunk; dialplans/README.md')],
      }
    return {
      dialplan,
      findings: [good(`${config.dialplan}, trunks ${dialplan.trunks.map(({ name }) => name).join(', ')}`), ...elin(dialplan)],
    }
  } catch (fault) {
    if (!isAppError(fault, 'DIALPLAN_INVALID')) throw fault
    return { dialplan: null, findings: [wrong(fault.message, 'correct it; `hotdesk check` shows the same')] }
  }
}

/** The number that the emergency centre sees, and may call back. */
function elin({ elin: number, did }: Dialplan): readonly Finding[] {
  const { mind } = findingsAbout('dial plan')
  if (number === null) return [mind('no elin: a phone without a number of its own shows none to the emergency centre', 'set elin')]
  if (did(number) !== null) return []
  return [mind(`nobody can be called back at the elin ${number}: it is not in dids`, 'add it to dids, with the extension that answers')]
}

const promptsFolder = fileURLToPath(new URL('../../../prompts', import.meta.url))

/** What the node says in its log of each prompt that it cannot play. */
export async function prompts(): Promise<readonly Finding[]> {
  const { good, mind } = findingsAbout('prompts')
  const said: Record<string, string>[] = []
  const log = createRelayedLogger('warn', (line) => void said.push(JSON.parse(line) as Record<string, string>))
  await loadPrompts({ folder: promptsFolder, languages: ['en'], log })
  if (said.length === 0) return [good(promptsFolder)]
  return said.map(({ event, path, reason }) =>
    event === 'prompt.outdated'
      ? mind(`${path} says another text than its list`, 'make it anew: prompts/README.md')
      : mind(`${path} cannot be played (${reason}); tones stand in`, 'put it back: prompts/README.md'),
  )
}

const dayMs = 86_400_000
const shortDays = 14

export function certificate({ sip: { tls } }: Config): Finding[] {
  const { good, mind, wrong } = findingsAbout('certificate')
  if (tls === null) return []
  const reading = readTlsFiles(tls)
  if ('problems' in reading) return reading.problems.map(({ message }) => wrong(message, 'correct sip.tls.certificate and sip.tls.key'))
  const days = Math.floor((reading.pair.until - systemClock.now()) / dayMs)
  const says = `${tls.certificate} is good for ${days} days`
  if (days < 0) return [wrong(`${tls.certificate} ended ${-days} days ago`, 'renew it; a running node takes it over by itself')]
  return [days < shortDays ? mind(says, 'renew it; a running node takes it over by itself') : good(says)]
}
