import type { Extension } from '../../base/identity.js'
import { parseExtension } from '../../base/identity.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Contacts, Directory } from '../../directory/directory.js'
import type { Party } from '../../sip/identity/party.js'

/** Names of callers from outside, by the phone books. */
export interface CallerNames {
  /**
   * The caller as this user's phones show them: with the name of their personal phone book, else of the central one. An anonymous caller
   * has no name, and a user of the network always their own.
   */
  shownTo(user: Extension, caller: Party, plan: Pick<Dialplan, 'numbers'>): Party
}

export interface CallerNamesNeeds {
  readonly contacts: Pick<Contacts, 'nameOf'>
  readonly directory: Pick<Directory, 'user'>
}

export function createCallerNames({ contacts, directory }: CallerNamesNeeds): CallerNames {
  return {
    shownTo(user, caller, { numbers }) {
      if (caller.isPrivate) return caller
      const extension = parseExtension(caller.number)
      if (extension !== null && directory.user(extension) !== null) return caller
      const e164 = numbers.e164(caller.number)
      const forms = e164 === null ? [caller.number] : [e164, caller.number]
      const name = contacts.nameOf(forms, user) ?? contacts.nameOf(forms, null)
      return name === null ? caller : { ...caller, name }
    },
  }
}
