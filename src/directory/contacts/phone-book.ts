import type { Extension, SiteName } from '../../base/identity.js'
import type { Directory, User } from '../contract.js'
import { byName, type Contact } from './contact.js'
import { createSearch, type SearchForm, searchForm } from './contact-search.js'
import type { BookOwner, Contacts } from './contacts.js'

/** What a search finds. */
export interface BookEntry extends Contact {
  /** The home site of a user of the network; null for a contact. */
  readonly site: SiteName | null
}

/** Phone books as people see them: the central one also has the enabled users of all sites. */
export interface PhoneBook {
  /** By name. Each word begins a word of the name, or the digits are part of the number; `''` finds everything. */
  search(owner: BookOwner, text: string): readonly BookEntry[]
}

export interface PhoneBookNeeds {
  readonly directory: Pick<Directory, 'users'>
  readonly contacts: Pick<Contacts, 'of'>
}

export function createPhoneBook({ directory, contacts }: PhoneBookNeeds): PhoneBook {
  const forms = new WeakMap<BookEntry, SearchForm>()
  const personal = new WeakMap<readonly Contact[], readonly BookEntry[]>()
  let central: { readonly users: readonly User[]; readonly outside: readonly Contact[]; readonly entries: readonly BookEntry[] } | null =
    null

  /** Both lists are the same objects until a record changes. */
  function centralEntries(): readonly BookEntry[] {
    const [users, outside] = [directory.users(), contacts.of(null)]
    if (central?.users === users && central.outside === outside) return central.entries
    const inside = users.filter(({ enabled }) => enabled).map(({ extension, name, home }) => ({ number: extension, name, site: home }))
    const entries = [...inside, ...outside.map(asEntry)].sort(byName)
    central = { users, outside, entries }
    return entries
  }

  function personalEntries(owner: Extension): readonly BookEntry[] {
    const book = contacts.of(owner)
    const known = personal.get(book) ?? book.map(asEntry)
    personal.set(book, known)
    return known
  }

  function formOf(entry: BookEntry): SearchForm {
    const known = forms.get(entry) ?? searchForm(entry)
    forms.set(entry, known)
    return known
  }

  return {
    search(owner, text) {
      const isWanted = createSearch(text)
      return (owner === null ? centralEntries() : personalEntries(owner)).filter((entry) => isWanted(formOf(entry)))
    },
  }
}

function asEntry({ number, name }: Contact): BookEntry {
  return { number, name, site: null }
}
