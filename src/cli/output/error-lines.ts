import type { AppError, ErrorCode } from '../../base/errors.js'
import type { Paint, Terminal } from './terminal.js'

/** Mistakes in what the person wrote or has not installed. */
const usageCodes: readonly ErrorCode[] = ['CONFIG_INVALID', 'DIALPLAN_INVALID', 'IMPORT_INVALID', 'REDIS_SERVER_MISSING', 'SECRET_DIFFERS']

/** 2: usage or configuration error, 1: any other. */
export function exitCodeOf({ code }: AppError): 1 | 2 {
  return usageCodes.includes(code) ? 2 : 1
}

/** What happened, with the code to search for, and the next step. */
export function errorLines({ code, says, todo }: AppError, paint: Paint): string {
  const [first = '', ...further] = says.split('\n')
  return [`${paint.bad('hotdesk:')} ${first} ${paint.faint(`(${code})`)}`, ...further, `  ${paint.faint('→')} ${todo}`].join('\n')
}

/** The same for a program. Hints are put in before the text becomes JSON, because they may contain quotes. */
export function errorJson({ code, says, todo }: AppError, { hint }: Pick<Terminal, 'hint'>): string {
  return JSON.stringify({ error: { code, says: hint(says), todo: hint(todo) } })
}
