import type { AppError } from '../../base/errors.js'
import type { Paint, Terminal } from './terminal.js'

/** What happened, with the code to search for, and the next step. */
export function errorLines({ code, says, todo }: AppError, paint: Paint): string {
  const [first = '', ...further] = says.split('\n')
  return [`${paint.bad('hotdesk:')} ${first} ${paint.faint(`(${code})`)}`, ...further, `  ${paint.faint('→')} ${todo}`].join('\n')
}

/** The same for a program. Hints are put in before the text becomes JSON, because they may contain quotes. */
export function errorJson({ code, says, todo }: AppError, { hint }: Pick<Terminal, 'hint'>): string {
  return JSON.stringify({ error: { code, says: hint(says), todo: hint(todo) } })
}
