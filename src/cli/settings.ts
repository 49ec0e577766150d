import { existsSync, readdirSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { errors, isAppError, messageOf } from '../base/errors.js'
import { silentLogger } from '../base/logger.js'
import { type Config, planSourceOf } from '../config/config.js'
import { maxConfigBytes, readTextFile } from '../config/yaml/text-file.js'
import { type Dialplan, loadDialplan } from '../dialplan/dialplan.js'
import type { CommandNeeds } from './needs.js'

/** Reads configuration and dial plan. @throws AppError CONFIG_INVALID or DIALPLAN_INVALID with every problem of both */
export function readSettings({ config: read }: CommandNeeds): { readonly config: Config; readonly dialplan: Dialplan } {
  let config: Config
  try {
    config = read('look')
  } catch (fault) {
    if (!isAppError(fault, 'CONFIG_INVALID')) throw fault
    const place = planSourceOf(fault)
    const more = place && planFault({ site: place.site, dialplan: place.file })
    throw more ? errors.CONFIG_INVALID.withDialplan({ problems: fault.message, dialplanProblems: more }, fault) : fault
  }
  return { config, dialplan: readDialplan(config) }
}

/** The problems of a dial plan; null if there are none. */
function planFault(plan: PlanToRead): string | null {
  try {
    readDialplan(plan)
    return null
  } catch (fault) {
    if (!isAppError(fault, 'DIALPLAN_INVALID')) throw fault
    return fault.message
  }
}

type PlanToRead = Pick<Config, 'dialplan' | 'site'>

/** The dial plan that the configuration names. @throws AppError DIALPLAN_INVALID */
export function readDialplan({ dialplan, site }: PlanToRead): Dialplan {
  const file = relative(process.cwd(), dialplan)
  if (!existsSync(dialplan)) throw errors.DIALPLAN_INVALID.missing({ site, file, neighbours: neighbours(dialplan) })
  return loadDialplan({ text: textOf(dialplan, file), file, site, log: silentLogger() })
}

const mostNeighbours = 5

/** The dial plans that are there instead. */
function neighbours(file: string): string {
  const folder = dirname(file)
  const name = relative(process.cwd(), folder) || '.'
  try {
    const found = readdirSync(folder).filter((each) => /\.ya?ml$/.test(each) && isPlainName(each))
    return found.length === 0
      ? `the folder ${name} has no dial plan`
      : `the folder ${name} has ${found.slice(0, mostNeighbours).join(', ')}`
  } catch {
    return `the folder ${name} cannot be read`
  }
}

function isPlainName(text: string): boolean {
  return /^[\w.-]{1,60}$/.test(text)
}

function textOf(path: string, file: string): string {
  try {
    return readTextFile(path, maxConfigBytes)
  } catch (fault) {
    throw errors.DIALPLAN_INVALID.unreadable({ file, reason: messageOf(fault) }, fault)
  }
}
