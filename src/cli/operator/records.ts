import type { EditOutcome, RemoveOutcome } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'

/** Says what became of an edit; `gained` is what the person has to write down now. */
export function tellSaved(needs: CommandNeeds, subject: string, outcome: EditOutcome, gained = ''): void {
  const { print, complain, paint } = needs.terminal
  if (outcome.outcome === 'SAVED') print(`${paint.strong(subject)}: saved${gained ? `; ${gained}` : ''}`)
  else for (const reason of outcome.reasons) complain(`${paint.bad('refused:')} ${subject}: ${reason}`)
  needs.exit(outcome.outcome === 'SAVED' ? 0 : 1)
}

export function tellRemoved(needs: CommandNeeds, subject: string, { outcome }: RemoveOutcome): void {
  const { print, complain, paint } = needs.terminal
  if (outcome === 'REMOVED') print(`${paint.strong(subject)}: removed`)
  else complain(`${paint.bad('refused:')} ${subject}: there is none`)
  needs.exit(outcome === 'REMOVED' ? 0 : 1)
}
