import { parseDeviceId, parseExtension } from '../base/identity.js'
import type { Seal } from '../base/seal.js'
import type { Store } from '../store/store.js'
import type { Directory, EditOutcome } from './contract.js'
import { deviceChanges, type FieldChanges, parseDevice, parseUser, userChanges } from './records.js'

export type Edits = Pick<Directory, 'putUser' | 'putDevice' | 'removeUser' | 'removeDevice'>

export interface EditNeeds {
  readonly store: Store
  readonly seal: Seal
}

const reserved = '5'

/** Each edit is checked as the whole record that it would leave behind. */
export function createEdits({ store, seal }: EditNeeds): Edits {
  async function save(key: string, changes: FieldChanges, reasons: readonly string[]): Promise<EditOutcome> {
    if (reasons.length > 0) return { outcome: 'REFUSED', reasons }
    const texts = Object.entries(changes).flatMap(([field, text]) => (text === null ? [] : [[field, text] as const]))
    const taken = Object.keys(changes).filter((field) => changes[field] === null)
    if (texts.length > 0) await store.putFields(key, Object.fromEntries(texts))
    if (taken.length > 0) await store.removeFields(key, taken)
    return { outcome: 'SAVED' }
  }

  return {
    async putUser(written, edit) {
      const extension = parseExtension(written)
      if (!extension) return refused(`"${written}" is no extension: 1 to 15 digits are`)
      if (extension === reserved) return refused(`extension ${reserved} is reserved: *77*${reserved}* is the code for logging out`)
      const changes = userChanges(edit)
      return save(`user:${extension}`, changes, parseUser(extension, after(store, `user:${extension}`, changes)).problems)
    },
    async putDevice(written, edit) {
      const id = parseDeviceId(written)
      if (!id) return refused(`"${written}" is no device: a letter and then up to 31 letters, digits and "-" are, such as HD0001`)
      const changes = deviceChanges(edit, seal)
      return save(`device:${id}`, changes, parseDevice(id, after(store, `device:${id}`, changes), seal).problems)
    },
    async removeUser(extension) {
      return remove(`user:${extension}`)
    },
    async removeDevice(id) {
      return remove(`device:${id}`)
    },
  }

  async function remove(key: string): Promise<{ outcome: 'REMOVED' | 'UNKNOWN' }> {
    if (!store.replica.hash(key)) return { outcome: 'UNKNOWN' }
    await store.remove(key)
    return { outcome: 'REMOVED' }
  }
}

function refused(reason: string): EditOutcome {
  return { outcome: 'REFUSED', reasons: [reason] }
}

function after(store: Store, key: string, changes: FieldChanges): ReadonlyMap<string, string> {
  const hash = new Map(store.replica.hash(key))
  for (const [field, text] of Object.entries(changes)) {
    if (text === null) hash.delete(field)
    else hash.set(field, text)
  }
  return hash
}
