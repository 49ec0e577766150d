import { AppError } from '../../../src/base/errors.js'
import { silentLogger } from '../../../src/base/logger.js'
import { type Dialplan, loadDialplan } from '../../../src/dialplan/dialplan.js'

export function loadPlan(text: string): Dialplan {
  return loadDialplan({ text, file: 'dialplans/test.yaml', log: silentLogger() })
}

/** The problems of a plan that is refused, one a line. */
export function refusal(text: string): string[] {
  try {
    loadPlan(text)
  } catch (fault) {
    if (fault instanceof AppError && fault.code === 'DIALPLAN_INVALID')
      return fault.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
    throw fault
  }
  throw new Error('was accepted')
}
