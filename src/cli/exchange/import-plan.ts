import { errors } from '../../base/errors.js'
import type { Device, Directory, Prepared } from '../../directory/directory.js'
import type { RecordChange, Replica } from '../../store/store.js'
import type { Kind } from './file/network-file.js'
import type { Ready } from './secrets.js'

/** A change of one record. */
export interface Planned {
  readonly action: 'add' | 'change' | 'remove'
  readonly kind: Kind
  readonly id: string
  readonly change: RecordChange
  /** Fields with present and new value; `''` if there is none. PIN and password only as words. */
  readonly fields: readonly { readonly name: string; readonly before: string; readonly after: string }[]
}

export interface Plan {
  readonly planned: readonly Planned[]
  readonly unchanged: number
}

export interface PlanNeeds {
  readonly directory: Directory
  readonly replica: Replica
  /** Whether an import of users removes users that are not in the file, and likewise for phones. */
  readonly others: 'keep' | 'remove'
}

/** The difference between the file and the network. */
export function planOf(ready: readonly Ready[], needs: PlanNeeds): Plan {
  const changed = ready.flatMap((one) => {
    const change = changeOf(one, needs.directory)
    return change ? [plannedOf(one, change, needs)] : []
  })
  const removed = needs.others === 'remove' ? removals(ready, needs) : []
  return { planned: [...changed, ...removed], unchanged: ready.length - changed.length }
}

function changeOf(ready: Ready, directory: Directory): RecordChange | null {
  const { id } = ready
  const prepared = prepare(ready, directory)
  if (prepared.outcome === 'PREPARED') return prepared.change
  // The edit was checked before; another operator has changed the network meanwhile.
  throw errors.COMMAND_REFUSED.changedMeanwhile({ id, reasons: prepared.reasons.join('; ') })
}

function prepare(ready: Ready, directory: Directory): Prepared {
  switch (ready.kind) {
    case 'users':
      return directory.prepareUser(ready.id, ready.edit)
    case 'devices':
      return directory.prepareDevice(ready.id, ready.edit)
    case 'sites':
      return directory.prepareSite(ready.id, ready.edit)
  }
}

function plannedOf({ kind, id, isNew }: Ready, change: RecordChange, { replica }: PlanNeeds): Planned {
  const present = replica.hash(change.key)
  const fields = Object.entries(change.fields ?? {}).map(([name, text]) => shown(name, present?.get(name) ?? '', text ?? ''))
  return { action: isNew ? 'add' : 'change', kind, id, change, fields }
}

/** For PINs and passwords, only whether they are new or different. */
function shown(name: string, before: string, after: string) {
  const secret = name === 'pin' ? 'pin' : name === 'credential' ? 'password' : null
  if (secret === null) return { name, before, after }
  return { name: secret, before: before && 'set', after: after && (before ? 'another' : 'set') }
}

function removals(ready: readonly Ready[], { directory, replica }: PlanNeeds): Planned[] {
  const named = new Set(ready.map(({ kind, id }) => `${kind} ${id}`))
  const kinds = new Set(ready.map(({ kind }) => kind))
  const all = [
    ...directory.users().map(({ extension }) => ({ kind: 'users' as const, id: extension, key: `user:${extension}` })),
    ...directory.devices().map(({ id }) => ({ kind: 'devices' as const, id, key: `device:${id}` })),
  ]
  return (
    all
      // An import of users leaves the phones.
      .filter(({ kind, id }) => kinds.has(kind) && !named.has(`${kind} ${id}`))
      .toSorted((one, other) => one.id.localeCompare(other.id, 'en', { numeric: true }))
      .map(({ kind, id, key }) => {
        const name = replica.hash(key)?.get(kind === 'users' ? 'name' : 'location') ?? ''
        return { action: 'remove', kind, id, change: { key, fields: null }, fields: [{ name: '', before: name, after: '' }] }
      })
  )
}

/** Phones that stay although their owner is removed. */
export function orphansOf({ planned }: Plan, directory: Directory): readonly Device[] {
  const gone = new Set<string>(planned.flatMap(({ action, kind, id }) => (action === 'remove' && kind === 'users' ? [id] : [])))
  const settled = new Set<string>(
    planned.flatMap(({ kind, id, change: { fields } }) => (kind === 'devices' && (fields === null || 'owner' in fields) ? [id] : [])),
  )
  return directory.devices().filter(({ id, owner }) => owner !== null && gone.has(owner) && !settled.has(id))
}
