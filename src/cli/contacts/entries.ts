import { parseExtension } from '../../base/identity.js'
import { counted } from '../../base/output/counted.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { BookOwner, Contact, Contacts, Directory } from '../../directory/directory.js'

/** Entries of one phone book. Every node keeps all books in memory. */
const most = { central: 20_000, personal: 500 }

/** In international form if the number has one: other sites may write it in another way. */
export function keptNumber(number: string, { numbers }: Pick<Dialplan, 'numbers'>): string {
  return numbers.e164(number) ?? number
}

export interface BookNeeds {
  readonly contacts: Pick<Contacts, 'of'>
  readonly directory: Pick<Directory, 'user'>
  readonly owner: BookOwner
}

/** Why these contacts cannot be in the phone book, as sentences. */
export function contactObjections(added: readonly Contact[], { contacts, directory, owner }: BookNeeds): readonly string[] {
  const limit = owner === null ? most.central : most.personal
  const numbers = new Set([...contacts.of(owner), ...added].map(({ number }) => number))
  const users = owner === null ? added.filter(({ number }) => isUser(number, directory)) : []
  return [
    ...(numbers.size > limit ? [`a phone book holds ${counted(limit, 'contact')}, and this would be ${numbers.size}`] : []),
    ...users.slice(0, mostNamed).map(({ number }) => `${number} is the extension of a user, whom the central phone book has anyway`),
  ]
}

const mostNamed = 5

function isUser(number: string, directory: BookNeeds['directory']): boolean {
  const extension = parseExtension(number)
  return extension !== null && directory.user(extension) !== null
}
