import type { EditOutcome, RemoveOutcome } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'

export type Form = { readonly json?: boolean | undefined }

/** What the person has to write down now. */
export type Gained = Readonly<Partial<Record<'pin' | 'password', string>>>

/** Whom an edit is told to: a person, or with `--json` a program. */
export interface Telling {
  readonly needs: CommandNeeds
  readonly subject: string
  readonly form: Form
}

const gains = { pin: 'the PIN is', password: 'the SIP password is' } as const

/** Says what became of an edit; true: it was saved. */
export function tellSaved(telling: Telling, outcome: EditOutcome, gained: Gained = {}): boolean {
  if (outcome.outcome === 'REFUSED') tellUndone(telling, outcome.reasons)
  else tellDone(telling, ['saved', ...gainedWords(gained)].join('; '), gained)
  return outcome.outcome === 'SAVED'
}

/** What is done, and may not be what was meant. */
export function tellDoubts({ terminal: { complain, paint } }: CommandNeeds, doubts: readonly string[]): void {
  for (const doubt of doubts) complain(`${paint.bad('look again:')} ${doubt}`)
}

function gainedWords(gained: Gained): readonly string[] {
  return (['pin', 'password'] as const).flatMap((what) => (gained[what] === undefined ? [] : [`${gains[what]} ${gained[what]}`]))
}

export function tellRemoved(telling: Telling, { outcome }: RemoveOutcome): void {
  if (outcome === 'REMOVED') tellDone(telling, 'removed', {})
  else tellUndone(telling, ['there is none'])
}

function tellDone({ needs: { terminal, exit }, subject, form }: Telling, what: string, gained: Gained): void {
  terminal.print(form.json ? JSON.stringify({ subject, done: true, ...gained }) : `${terminal.paint.strong(subject)}: ${what}`)
  exit(0)
}

/** An edit that was refused. */
export function tellUndone({ needs, subject, form }: Telling, reasons: readonly string[]): void {
  if (form.json) needs.terminal.print(JSON.stringify({ subject, done: false, reasons }))
  else tellRefused(needs, subject, reasons)
  needs.exit(1)
}

export function tellRefused(needs: CommandNeeds, subject: string, reasons: readonly string[]): void {
  const { complain, paint } = needs.terminal
  for (const reason of reasons) complain(`${paint.bad('refused:')} ${subject}: ${reason}`)
  needs.exit(1)
}
