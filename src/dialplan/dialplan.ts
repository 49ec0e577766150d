import type { SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import { check, invalid, isBlock, type ParsedFile, type Problem, quote, readYaml } from '../config/yaml/yaml-schema.js'
import { conflictsIn } from './conflicts.js'
import { fingerprintOf } from './fingerprint.js'
import { logoutChecks } from './logout-rules.js'
import { withPlainNumbers } from './numbers/plain-numbers.js'
import { crossChecks, planFile } from './plan-file.js'
import { timeProfileChecks } from './rights/rights-keys.js'
import type { Dialplan } from './route.js'
import { createRules } from './rules.js'
import { breakOutMenuChecks } from './short-codes/break-out-menu.js'
import { shortCodeChecks } from './short-codes/code-checks.js'
import { voicemailChecks } from './voicemail.js'

export { reservedExtension } from './codes.js'
export { createLivePlan, type LivePlan, type ReplaceablePlan } from './live-plan.js'
export { completeNumber, numberIn } from './numbers/local-number.js'
export { didConflicts, type NetworkNumbers, ownerOfNumber } from './numbers/network-dids.js'
export type { OutsideNumber } from './numbers/number-plan.js'
export { dialplanSchema } from './plan-file.js'
export { judge, type LimitName, type Limits, limitNames, type NumberClass, type Use, uses } from './rights/rights.js'
export type { CallerHeader, Dialplan, OutsideRoute, Route, Trunk, TrunkRegistration } from './route.js'
export type { SiteChoice } from './short-codes/break-out-menu.js'
export { orbitLamp } from './short-codes/orbit-lamp.js'

export interface DialplanNeeds {
  readonly text: string
  /** Name of the text in error messages. */
  readonly file: string
  /** The site that it must be for; any by default. */
  readonly site?: SiteName
  readonly log: Logger
}

/** Reads one site's dial plan. @throws AppError DIALPLAN_INVALID with every problem, each with file and line */
export function loadDialplan({ text, file, site, log }: DialplanNeeds): Dialplan {
  const { written, problems } = withPlainNumbers(readYaml(text, file))
  const checked = check(planFile, written)
  const late = [
    problems,
    siteChecks(written, site),
    crossChecks(written),
    voicemailChecks(written),
    shortCodeChecks(written),
    breakOutMenuChecks(written),
    logoutChecks(written),
    timeProfileChecks(written),
    conflictsIn(written),
  ].flat()
  if ('problems' in checked || late.length > 0)
    throw invalid('DIALPLAN_INVALID', file, ['problems' in checked ? checked.problems : [], late].flat())
  const dialplan = { ...createRules(checked.value), fingerprint: fingerprintOf(text) }
  log.debug({ event: 'dialplan.loaded', file, trunks: dialplan.trunks.map(({ name }) => name) }, 'dial plan loaded')
  return dialplan
}

/** The dial plan of another site would send emergency calls to that site's numbers. */
function siteChecks(written: ParsedFile, site: SiteName | undefined): Problem[] {
  const found = isBlock(written.value) ? written.value.site : undefined
  if (site === undefined || typeof found !== 'string' || found === site) return []
  return [{ place: written.placeOf(['site']), key: 'site', message: `expected ${site}, the site of this node, found ${quote(found)}` }]
}
