import { fileURLToPath } from 'node:url'
import { systemClock } from '../../base/clock.js'
import { isAppError } from '../../base/errors.js'
import { createRelayedLogger } from '../../base/logger.js'
import type { Config } from '../../config/config.js'
import { packagedPlan } from '../../config/plan-source.js'
import { readTlsFiles } from '../../config/tls-files.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import { loadPrompts } from '../../ivr/ivr.js'
import { allowAbroad, barredAbroad } from '../abroad-routes.js'
import { countryDoubts } from '../references/references.js'
import { readDialplan } from '../settings.js'
import { type Finding, findingsAbout } from './finding.js'

/** The dial plan of the site; null if it is invalid. */
export function sitePlan(config: Config): { readonly dialplan: Dialplan | null; readonly findings: readonly Finding[] } {
  const { good, wrong } = findingsAbout('dial plan')
  try {
    const dialplan = readDialplan(config)
    const names = dialplan.trunks.map(({ name }) => name).join(', ')
    const trunks = names === '' ? noTrunk(config, dialplan) : good(`${config.dialplan}, trunks ${names}`)
    return { dialplan, findings: [trunks, ...sample(config, dialplan), ...elin(dialplan), ...rightsAbroad(dialplan), ...country(dialplan)] }
  } catch (fault) {
    if (!isAppError(fault, 'DIALPLAN_INVALID')) throw fault
    return { dialplan: null, findings: [wrong(fault.message, 'correct it, then run hotdesk check')] }
  }
}

function noTrunk({ dialplan: file }: Config, { disabledTrunks }: Dialplan): Finding {
  const { wrong } = findingsAbout('dial plan')
  if (disabledTrunks.length === 0)
    return wrong(`${file} names no trunk: emergency calls cannot leave this site`, 'add a trunk; dialplans/README.md')
  const says = `${file} enables no trunk (${disabledTrunks.join(', ')}: enabled is no): emergency calls cannot leave this site`
  return wrong(says, 'set the address of your carrier, and delete `enabled: no`')
}

/** Addresses reserved for documentation (RFC 5737, RFC 3849, RFC 2606), which never answer. */
const documentary =
  /^sips?:(192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|\[2001:0?db8:|([A-Za-z0-9-]+\.)*(example|invalid|test)([:;]|$)|([A-Za-z0-9-]+\.)*example\.(com|net|org)([:;]|$))/i
/** Emergency numbers of the dial plans that come with hotdesk. */
const sampleElins: ReadonlySet<string | null> = new Set(['+33199000000', '+442079460000'])

/** Leftovers of a sample plan: an emergency call would fail, or show a false number. */
function sample(config: Config, { trunks, elin: number }: Dialplan): readonly Finding[] {
  const { wrong } = findingsAbout('dial plan')
  const nowhere = trunks.filter(({ uri }) => documentary.test(uri)).map(({ name }) => name)
  return [
    ...(config.dialplan === packagedPlan(config.site)
      ? [
          wrong(
            `${config.dialplan} is the sample, which is only for trying out`,
            'write your own hotdesk.yaml and dial plan; see src/config/README.md',
          ),
        ]
      : []),
    ...(nowhere.length > 0
      ? [wrong(`trunk ${nowhere.join(', ')} has a sample address: calls fail`, 'set the address of your carrier')]
      : []),
    ...(sampleElins.has(number)
      ? [wrong(`elin ${number} is the sample's: the emergency centre would see a false number`, 'set your own')]
      : []),
  ]
}

/** An upgrade may have barred calls that users made before. */
function rightsAbroad(dialplan: Dialplan): readonly Finding[] {
  const barred = barredAbroad(dialplan)
  return barred === null ? [] : [findingsAbout('rights').mind(barred, allowAbroad)]
}

function country(dialplan: Dialplan): readonly Finding[] {
  return countryDoubts(dialplan).map(({ says, todo }) => findingsAbout('rights').mind(says, todo))
}

/** Whether the emergency centre sees a number, and can call it back. */
function elin({ elin: number, did }: Dialplan): readonly Finding[] {
  const { wrong } = findingsAbout('dial plan')
  if (number === null) return [wrong('no elin: the emergency centre sees no number from phones without their own', 'set elin')]
  if (did(number) !== null) return []
  return [wrong(`the elin ${number} cannot be called back: it is not in dids`, 'add it to dids with an extension')]
}

const promptsFolder = fileURLToPath(new URL('../../../prompts', import.meta.url))

/** Prompts, and announcements of the dial plan, that the node cannot play, by its log. */
export async function prompts(announcements: readonly string[]): Promise<readonly Finding[]> {
  const { good, mind } = findingsAbout('prompts')
  const warnings: Record<string, string>[] = []
  const log = createRelayedLogger('warn', (line) => void warnings.push(JSON.parse(line) as Record<string, string>))
  await loadPrompts({ folder: promptsFolder, announcements, log })
  if (warnings.length === 0) return [good(promptsFolder)]
  return warnings.map(({ event, path, reason }) =>
    event === 'prompt.outdated'
      ? mind(`${path} differs from its text in the list`, 'record it again; see prompts/README.md')
      : mind(`${path} cannot be played (${reason}); tones are played instead`, 'restore it; see prompts/README.md'),
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
  const says = `${tls.certificate} is valid for ${days} days`
  if (days < 0) return [wrong(`${tls.certificate} expired ${-days} days ago`, 'renew it; a running node reloads it')]
  return [days < shortDays ? mind(says, 'renew it; a running node reloads it') : good(says)]
}
