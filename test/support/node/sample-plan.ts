import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../../src/base/logger.js'
import { type Dialplan, loadDialplan } from '../../../src/dialplan/dialplan.js'

/** The text of the dial plan that comes with hotdesk. */
export function samplePlanText(site: string): string {
  return readFileSync(join(import.meta.dirname, `../../../dialplans/${site}.yaml`), 'utf8')
}

/** The same as an operator has finished it: a trunk of this machine, where nothing listens, and a number of its own. */
export function finishedPlanText(site: string): string {
  return samplePlanText(site)
    .replace(/^ +enabled: no\n/m, '')
    .replace(/^( +uri:) .*$/m, '$1 sip:127.0.0.1:9;transport=udp')
    .replace(/^( +from:) .*$/m, '$1 [127.0.0.1]')
    .replaceAll('+33199000000', '+33199000099')
}

/** The same with its trunk in use. For tests that send nothing to it. */
export function samplePlan(site: string): Dialplan {
  return loadDialplan({ text: samplePlanText(site).replace(/^ +enabled: no\n/m, ''), file: `dialplans/${site}.yaml`, log: silentLogger() })
}
