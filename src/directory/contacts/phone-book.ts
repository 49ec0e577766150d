import type { SiteName } from '../../base/identity.js'
import type { Directory, User } from '../contract.js'
import type { Contact } from './contact.js'
import { createSearch, inOrder, type SearchForm, searchForm } from './contact-search.js'
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
  // Records and contacts stay the same objects until they change, so only what has changed is read again.
  const entries = new WeakMap<User | Contact, BookEntry>()
  const forms = new WeakMap<BookEntry, SearchForm>()
  let central: { readonly users: readonly User[]; readonly outside: readonly Contact[]; readonly entries: readonly BookEntry[] } | null =
    null

  function entryOf(source: User | Contact): BookEntry {
    const known = entries.get(source)
    if (known) return known
    const entry =
      'extension' in source
        ? { number: source.extension, name: source.name, site: source.home }
        : { number: source.number, name: source.name, site: null }
    entries.set(source, entry)
    return entry
  }

  function formOf(entry: BookEntry): SearchForm {
    const known = forms.get(entry) ?? searchForm(entry)
    forms.set(entry, known)
    return known
  }

  function centralEntries(): readonly BookEntry[] {
    const [users, outside] = [directory.users(), contacts.of(null)]
    if (central?.users === users && central.outside === outside) return central.entries
    const all = [...users.filter(({ enabled }) => enabled), ...outside].map(entryOf)
    central = { users, outside, entries: inOrder(all, formOf) }
    return central.entries
  }

  return {
    search(owner, text) {
      const isWanted = createSearch(text)
      const all = owner === null ? centralEntries() : contacts.of(owner).map(entryOf)
      return all.filter((entry) => isWanted(formOf(entry)))
    },
  }
}
