import type { DeviceId, Extension } from '../base/identity.js'
import type { RecordChange, StreamWrite } from '../store/store.js'

/** Who runs a command: the user of the operating system, and the machine. */
export interface Operator {
  readonly user: string
  readonly host: string
}

/** A user who changes their record at a phone, by a code. */
export interface PhoneUser {
  readonly user: Extension
  readonly device: DeviceId
}

/** The same as `operatorArgument` for a user at a phone. */
export function phoneUserArgument({ user, device }: PhoneUser): string {
  return `by=${user}@${device}=dial-code`
}

/** The last argument of a Redis function that an operator calls: each event of the call then names the operator. */
export function operatorArgument({ user, host }: Operator): string {
  return `by=${user}@${host}`
}

/** The fields of an event that name the operator. The Redis functions write the same. */
function operatorFields({ user, host }: Operator): Readonly<Record<'via' | 'by' | 'host', string>> {
  return { via: 'cli', by: user, host }
}

/** Maximum length of the stream, the same as in hotdesk/functions/library.lua. */
const limit = { entries: 100_000 }

/** Changes by one command of which each is an event. A larger import must not push the other events out of the stream. */
const mostNamed = 500

/** The events about these changes, which must be written with them. `isNew` tells an added record from a changed one. Names fields, never values. */
export function auditEntries(
  changes: readonly RecordChange[],
  operator: Operator,
  isNew: (key: string) => boolean,
): readonly StreamWrite[] {
  if (changes.length > mostNamed) return []
  return changes.flatMap(({ key, fields }) => {
    const [kind = '', name = ''] = key.split(':')
    if (!['user', 'device', 'site'].includes(kind)) return []
    const event = fields === null ? 'removed' : isNew(key) ? 'added' : 'changed'
    const names = Object.keys(fields ?? {}).toSorted()
    const named = names.length > 0 ? { fields: names.join(' ') } : {}
    return [{ stream: 'events', fields: { event, [kind]: name, ...operatorFields(operator), ...named }, limit }]
  })
}

/** One event about a whole command. */
export function commandEntry(event: string, fields: Readonly<Record<string, string>>, operator: Operator): StreamWrite {
  return { stream: 'events', fields: { event, ...operatorFields(operator), ...fields }, limit }
}
