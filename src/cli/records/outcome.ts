import type { EditOutcome, RemoveOutcome } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'

export type Form = { readonly json?: boolean | undefined }

/** Secrets that are shown once. */
export type Issued = Readonly<Partial<Record<'pin' | 'password', string>>>

/** The record that a command edits, and how to report the outcome: in words, or with `--json` as JSON. */
export interface RecordCommand {
  readonly needs: CommandNeeds
  readonly kind: RecordKind
  readonly subject: string
  readonly form: Form
}

type Reported = Pick<RecordCommand, 'needs' | 'subject' | 'form'>

/** The name of each kind of record in messages. */
const nouns = { user: 'user', device: 'phone', site: 'site' } as const
export type RecordKind = keyof typeof nouns

export function existsText(kind: RecordKind, name: string): string {
  return `${nouns[kind]} ${name} already exists; to change it: hotdesk ${kind} set`
}

export function unknownText(kind: RecordKind): string {
  return `there is no such ${nouns[kind]}; hotdesk ${kind} list shows all`
}

const labels = { pin: 'the PIN is', password: 'the SIP password is' } as const

/** Reports the outcome of an edit; true if it was saved. */
export function reportSaved(command: RecordCommand, outcome: EditOutcome, issued: Issued = {}): boolean {
  const reasons = reasonsIn(command, outcome)
  if (reasons) reportRefusal(command, reasons)
  else reportDone(command, ['saved', ...issuedWords(issued)].join('; '), issued)
  return reasons === null
}

function reasonsIn({ kind, subject }: RecordCommand, outcome: EditOutcome): readonly string[] | null {
  switch (outcome.outcome) {
    case 'SAVED':
      return null
    case 'REFUSED':
      return outcome.reasons
    case 'EXISTS':
      return [existsText(kind, subject)]
    case 'UNKNOWN':
      return [unknownText(kind)]
  }
}

export type Confirmation = { readonly yes?: boolean | undefined }

/** For commands that remove something: `.option(...yesOption)`. */
export const yesOption = ['-y, --yes', 'do not ask'] as const

/** Asks before a removal at a terminal; without one, `--yes` is needed. null: go on; else the reason why not. */
export async function objectionTo(what: string, { yes }: Confirmation, { terminal }: CommandNeeds): Promise<string | null> {
  if (yes) return null
  if (terminal.ask === null) return 'there is no terminal to ask for confirmation; pass --yes to remove it'
  return (await terminal.ask(`Remove ${what}? [y/N] `)) ? null : 'nothing was removed'
}

/** Warnings about a change that was made. */
export function printWarnings({ terminal: { complain, paint } }: CommandNeeds, warnings: readonly string[]): void {
  for (const warning of warnings) complain(`${paint.bad('warning:')} ${warning}`)
}

function issuedWords(issued: Issued): readonly string[] {
  return (['pin', 'password'] as const).flatMap((what) => (issued[what] === undefined ? [] : [`${labels[what]} ${issued[what]}`]))
}

export function reportRemoved(command: RecordCommand, { outcome }: RemoveOutcome): void {
  if (outcome === 'REMOVED') reportDone(command, 'removed', {})
  else reportRefusal(command, [unknownText(command.kind)])
}

/** Reports an edit that was made. */
export function reportDone({ needs: { terminal, exit }, subject, form }: Reported, what: string, issued: Issued = {}): void {
  terminal.print(form.json ? JSON.stringify({ subject, done: true, ...issued }) : `${terminal.paint.strong(subject)}: ${what}`)
  exit(0)
}

/** Reports a refused edit, in words or as JSON. */
export function reportRefusal({ needs, subject, form }: Reported, reasons: readonly string[]): void {
  if (form.json) needs.terminal.print(JSON.stringify({ subject, done: false, reasons }))
  else printRefusal(needs, subject, reasons)
  needs.exit(1)
}

/** Reports a refusal in words. */
export function printRefusal(needs: CommandNeeds, subject: string, reasons: readonly string[]): void {
  const { complain, paint } = needs.terminal
  for (const reason of reasons) complain(`${paint.bad('refused:')} ${subject}: ${reason}`)
  needs.exit(1)
}
