import type { Extension } from '../base/identity.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import type { Directory, User } from '../directory/directory.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { dialled } from '../sip/uri/dialled.js'

export interface MailboxOwnersNeeds {
  readonly directory: Pick<Directory, 'users'>
  readonly plan: LivePlan
}

export interface MailboxOwners {
  /** The user of the first of these addresses that is a mailbox. */
  ownerOf(addresses: readonly string[]): Extension | null
}

/** A mailbox has the name that the dial plan gives it, or the one in the user's own voicemail address. */
export function createMailboxOwners({ directory, plan }: MailboxOwnersNeeds): MailboxOwners {
  function namesOf({ extension, voicemail }: User): readonly string[] {
    if (voicemail === 'none') return []
    const own = voicemail?.includes(':') ? [dialled(voicemail)] : []
    return [...own, plan.current.voicemail?.mailbox(extension) ?? extension]
  }

  return {
    ownerOf(addresses) {
      const names = addresses.map(nameIn).filter((name) => name !== '')
      const users = directory.users()
      for (const name of names) {
        const owner = users.find((user) => namesOf(user).includes(name))
        if (owner) return owner.extension
      }
      return null
    },
  }
}

/** `sip:100@vm.example.com`, in angle brackets or not, or the bare name of the mailbox. */
function nameIn(address: string): string {
  const uri = parseNameAddr(address)?.uri
  return uri === undefined ? (address.split('@', 1)[0] ?? '').trim() : dialled(uri)
}
