import type { EditOutcome, RemoveOutcome } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'

/** Says what became of an edit; `gained` is what the person has to write down now. */
export function tellSaved(needs: CommandNeeds, subject: string, outcome: EditOutcome, gained = ''): void {
  if (outcome.outcome === 'SAVED') tellDone(needs, subject, `saved${gained ? `; ${gained}` : ''}`)
  else tellRefused(needs, subject, outcome.reasons)
}

export function tellRemoved(needs: CommandNeeds, subject: string, { outcome }: RemoveOutcome): void {
  if (outcome === 'REMOVED') tellDone(needs, subject, 'removed')
  else tellRefused(needs, subject, ['there is none'])
}

function tellDone({ terminal, exit }: CommandNeeds, subject: string, what: string): void {
  terminal.print(`${terminal.paint.strong(subject)}: ${what}`)
  exit(0)
}

export function tellRefused(needs: CommandNeeds, subject: string, reasons: readonly string[]): void {
  const { complain, paint } = needs.terminal
  for (const reason of reasons) complain(`${paint.bad('refused:')} ${subject}: ${reason}`)
  needs.exit(1)
}
