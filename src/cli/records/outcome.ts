import type { EditOutcome, RemoveOutcome } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'

export type Form = { readonly json?: boolean | undefined }

/** What the person has to write down now. */
export type Gained = Readonly<Partial<Record<'pin' | 'password', string>>>

/** Whom an edit is told to: a person, or with `--json` a program. */
export interface Telling {
  readonly needs: CommandNeeds
  readonly kind: RecordKind
  readonly subject: string
  readonly form: Form
}

/** What records of each kind are called, and the command that is for them. */
const nouns = { user: 'user', device: 'phone', site: 'site' } as const
export type RecordKind = keyof typeof nouns

export function existsWords(kind: RecordKind, name: string): string {
  return `${nouns[kind]} ${name} already exists; to change it: hotdesk ${kind} set`
}

export function unknownWords(kind: RecordKind): string {
  return `there is no such ${nouns[kind]}; hotdesk ${kind} list shows all`
}

const gains = { pin: 'the PIN is', password: 'the SIP password is' } as const

/** Says what became of an edit; true: it was saved. */
export function tellSaved(telling: Telling, outcome: EditOutcome, gained: Gained = {}): boolean {
  const reasons = reasonsIn(telling, outcome)
  if (reasons) tellUndone(telling, reasons)
  else tellDone(telling, ['saved', ...gainedWords(gained)].join('; '), gained)
  return reasons === null
}

function reasonsIn({ kind, subject }: Telling, outcome: EditOutcome): readonly string[] | null {
  switch (outcome.outcome) {
    case 'SAVED':
      return null
    case 'REFUSED':
      return outcome.reasons
    case 'EXISTS':
      return [existsWords(kind, subject)]
    case 'UNKNOWN':
      return [unknownWords(kind)]
  }
}

export type Confirmation = { readonly yes?: boolean | undefined }

/** What every command that removes something takes: `.option(...withoutAsking)`. */
export const withoutAsking = ['-y, --yes', 'do not ask'] as const

/** What is removed is gone, so a person at a terminal is asked, and a program has to say `--yes`. Null: go on; else why not. */
export async function objectionTo(what: string, { yes }: Confirmation, { terminal }: CommandNeeds): Promise<string | null> {
  if (yes) return null
  if (terminal.ask === null) return 'there is no terminal to ask for confirmation; pass --yes to remove it'
  return (await terminal.ask(`Remove ${what}? [y/N] `)) ? null : 'nothing was removed'
}

/** What is done, and may not be what was meant. */
export function printWarnings({ terminal: { complain, paint } }: CommandNeeds, doubts: readonly string[]): void {
  for (const doubt of doubts) complain(`${paint.bad('warning:')} ${doubt}`)
}

function gainedWords(gained: Gained): readonly string[] {
  return (['pin', 'password'] as const).flatMap((what) => (gained[what] === undefined ? [] : [`${gains[what]} ${gained[what]}`]))
}

export function tellRemoved(telling: Telling, { outcome }: RemoveOutcome): void {
  if (outcome === 'REMOVED') tellDone(telling, 'removed', {})
  else tellUndone(telling, [unknownWords(telling.kind)])
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
