import { InvalidArgumentError, Option } from 'commander'
import { type Extension, parseExtension } from '../../base/identity.js'
import { silentLogger } from '../../base/logger.js'
import { type BookOwner, bookKey, type Contacts, createContacts, type Directory } from '../../directory/directory.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { thisOperator } from '../operator/operator-identity.js'
import { type Form, reportRefusal } from '../records/outcome.js'

export interface Owned extends Form {
  /** The user of a personal phone book; left out: the central one. */
  readonly user?: Extension
}

/** `--user` */
export function userOption(): Option {
  return new Option('--user <extension>', 'the personal phone book of this user (default: the central one)').argParser(extensionOf)
}

function extensionOf(text: string): Extension {
  const extension = parseExtension(text)
  if (extension === null) throw new InvalidArgumentError('An extension is 1 to 15 digits.')
  return extension
}

/** A phone book, opened for one command. */
export interface OpenBook {
  readonly contacts: Contacts
  readonly directory: Directory
  readonly owner: BookOwner
  readonly needs: CommandNeeds
}

export async function withContacts(owned: Owned, needs: CommandNeeds, run: (book: OpenBook) => void | Promise<void>): Promise<void> {
  const owner = owned.user ?? null
  await withDirectory(
    needs.config('look'),
    async (directory, store) => {
      if (owner !== null && directory.user(owner) === null)
        return reportRefusal({ needs, subject: owner, form: owned }, ['there is no such user; hotdesk user list shows all'])
      const contacts = createContacts({ store, log: silentLogger(), operator: thisOperator() })
      try {
        await run({ contacts, directory, owner, needs })
      } finally {
        contacts.close()
      }
    },
    ['user:', bookKey(owner)],
  )
}
