import { parseExtension } from '../../base/identity.js'
import type { Path } from '../../config/yaml/yaml-schema.js'
import { bookKey, type Directory } from '../../directory/directory.js'
import type { FieldChanges, RecordChange, Replica } from '../../store/store.js'
import { centralBook } from './file/books.js'
import type { NetworkFile } from './file/network-file.js'

/** Complains about personal phone books of users that are neither in the file nor in the network. */
export function checkBooks(
  { contacts, users }: NetworkFile,
  directory: Pick<Directory, 'user'>,
  complain: (path: Path, message: string) => void,
): void {
  for (const owner of Object.keys(contacts)) {
    const extension = parseExtension(owner)
    const isKnown = owner === centralBook || Object.hasOwn(users, owner) || (extension !== null && directory.user(extension) !== null)
    if (!isKnown) complain(['contacts', owner], 'there is no such user, neither here nor in the network')
  }
}

/** The contacts of the file that the network does not have. Others stay. */
export function contactChanges({ contacts }: Pick<NetworkFile, 'contacts'>, replica: Replica): readonly RecordChange[] {
  return Object.entries(contacts).flatMap(([owner, book]) => {
    const key = bookKey(owner === centralBook ? null : parseExtension(owner))
    const present = replica.hash(key)
    const fields: FieldChanges = Object.fromEntries(Object.entries(book).filter(([number, name]) => present?.get(number) !== name))
    return Object.keys(fields).length === 0 ? [] : [{ key, fields }]
  })
}

/** The number of contacts in these changes. */
export function contactCount(changes: readonly RecordChange[]): number {
  return changes.reduce((sum, { fields }) => sum + Object.keys(fields ?? {}).length, 0)
}
