import { counted } from '../../base/output/counted.js'
import { type Paint, table } from '../output/terminal.js'
import { type Kind, plainText } from './file/network-file.js'
import type { RestoredLogins } from './import-logins.js'
import type { Plan, Planned } from './import-plan.js'
import type { Secrets } from './secrets.js'

/** `shown`: nothing was written. */
type Form = 'shown' | 'done'

export interface Import {
  readonly plan: Plan
  readonly secrets: Secrets
  readonly loginResult: RestoredLogins
  /** How many contacts are added or changed. */
  readonly contacts: number
  readonly form: Form
}

/** What an import did, or would do, as JSON. */
export function summaryOf({ plan: { planned, unchanged }, secrets: { issued, without }, loginResult, contacts, form }: Import) {
  const count = (action: Planned['action']): number => planned.filter((one) => one.action === action).length
  return {
    form,
    added: count('add'),
    changed: count('change'),
    removed: count('remove'),
    unchanged,
    issued: issued.length,
    without,
    changes: planned.map(({ action, kind, id, fields }) => ({ action, kind, id, fields: fields.map(plainChange) })),
    contacts,
    logins: { restored: loginResult.restored, unchanged: loginResult.unchanged.length, refused: loginResult.refused },
  }
}

function plainChange({ name, before, after }: Planned['fields'][number]) {
  return { name, before: plainText(name, before), after: plainText(name, after) }
}

export interface ReportNeeds {
  readonly issuedTo: string | null
  readonly paint: Paint
}

/** The same for a person: a dry run lists each difference, an import only the totals. */
export function planLines(done: Import, { issuedTo, paint }: ReportNeeds): string[] {
  const { plan, secrets, loginResult, contacts, form } = done
  const { added, changed, removed, unchanged, issued } = summaryOf(done)
  const isDry = form === 'shown'
  const count = (number: number, toDo: string, done: string): string[] => [`${number} ${isDry ? `to ${toDo}` : done}`]
  const sum = [
    count(added, 'add', 'added'),
    count(changed, 'change', 'changed'),
    removed > 0 ? count(removed, 'remove', 'removed') : [],
    `${unchanged} unchanged`,
    contacts > 0 ? [`${counted(contacts, 'contact')} ${isDry ? 'to write' : 'written'}`] : [],
    loginResult.restored.length > 0 ? `${counted(loginResult.restored.length, 'login')} ${isDry ? 'to restore' : 'restored'}` : [],
  ].flat()
  return [
    ...(isDry ? differences(plan, loginResult, paint) : []),
    `${isDry ? 'Dry run: ' : ''}${sum.join(', ')}.`,
    ...(issued > 0 ? [`${issued} PINs and passwords ${isDry ? 'would be' : 'were'} written to ${issuedTo}.`] : []),
    ...(secrets.without.length > 0 ? [paint.bad(withoutWords(secrets.without))] : []),
  ]
}

function withoutWords(without: readonly string[]): string {
  const some = without.slice(0, 5).join(', ')
  return `Without PIN or password: ${some}${without.length > 5 ? ` and ${without.length - 5} more` : ''}. To generate them: --issue.`
}

const nouns = { users: 'user', devices: 'phone', sites: 'site' } as const satisfies Record<Kind, string>
const signs = { add: '+', change: '~', remove: '-' } as const

function differences({ planned }: Plan, { restored }: RestoredLogins, paint: Paint): string[] {
  const colours = { add: paint.good, change: paint.key, remove: paint.bad }
  const records = planned.map(({ action, kind, id, fields }) => [
    colours[action](signs[action]),
    nouns[kind],
    id,
    fields.map((field) => difference(action, field)).join(', '),
  ])
  return table([...records, ...restored.map(({ device, user }) => [paint.good('+'), 'login', device, user])])
}

function difference(action: Planned['action'], { name, before, after }: Planned['fields'][number]): string {
  if (action === 'remove') return before
  return action === 'add' ? `${name} ${after}` : `${name} ${before || 'nothing'} → ${after || 'nothing'}`
}
