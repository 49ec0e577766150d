import type { Extension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { FieldChanges, RecordChange, Store } from '../../store/store.js'
import { commandEntry, type Operator } from '../audit.js'
import { untilCopied } from '../copied.js'
import { createRecordWarnings } from '../record.js'
import { type Contact, parseContactName, parseContactNumber } from './contact.js'
import { inOrder, searchForm } from './contact-search.js'

/** The user of a personal phone book; null: the central one, which all users see. */
export type BookOwner = Extension | null

/** Phone books, from the copy in memory: `{hd}:contacts` and, of a user, `{hd}:contacts:<extension>`, each number → name. */
export interface Contacts {
  /** By name. */
  of(owner: BookOwner): readonly Contact[]
  /** The name of the first of these forms of a number that the book has. */
  nameOf(forms: readonly string[], owner: BookOwner): string | null
  /** Adds and changes entries: number → name; null removes one. @throws AppError STORE_UNAVAILABLE */
  put(owner: BookOwner, edits: FieldChanges): Promise<void>
  close(): void
}

export interface ContactsNeeds {
  readonly store: Pick<Store, 'replica' | 'writeAll' | 'clock'>
  readonly log: Logger
  /** Named by the events about edits. */
  readonly operator: Operator | null
}

const none: ReadonlyMap<string, string> = new Map()

export function createContacts({ store, log, operator }: ContactsNeeds): Contacts {
  const { replica } = store
  const complain = createRecordWarnings(log)
  const books = new Map<string, readonly Contact[]>()
  const stop = replica.onChange((key) => books.delete(key))

  function read(key: string): readonly Contact[] {
    const hash = replica.hash(key) ?? none
    const wrong = [...hash].filter(([number, name]) => !isContact(number, name)).map(([number]) => number)
    complain(
      key,
      wrong.length === 0
        ? []
        : [
            `no number and name: ${wrong
              .slice(0, 5)
              .map((text) => JSON.stringify(text))
              .join(', ')}`,
          ],
    )
    const contacts = Array.from(hash, ([number, name]) => ({ number, name })).filter(({ number, name }) => isContact(number, name))
    return inOrder(contacts, searchForm)
  }

  return {
    of(owner) {
      const key = bookKey(owner)
      const known = books.get(key)
      if (known) return known
      const book = read(key)
      books.set(key, book)
      return book
    },
    nameOf(forms, owner) {
      const book = replica.hash(bookKey(owner)) ?? none
      for (const form of forms) {
        const name = book.get(form)
        if (name !== undefined && isContact(form, name)) return name
      }
      return null
    },
    async put(owner, edits) {
      const key = bookKey(owner)
      const present = replica.hash(key) ?? none
      const fields = Object.fromEntries(Object.entries(edits).filter(([number, name]) => (present.get(number) ?? null) !== name))
      const numbers = Object.keys(fields)
      if (numbers.length === 0) return
      const removed = numbers.filter((number) => fields[number] === null).length
      const summary = { ...(owner === null ? {} : { user: owner }), changed: String(numbers.length - removed), removed: String(removed) }
      const entries = operator ? [commandEntry('contacts.changed', summary, operator)] : []
      await store.writeAll(piecesOf(key, fields), () => undefined, entries)
      await untilCopied({ key, fields }, store)
    },
    close: stop,
  }
}

/** Fields in one command to Redis. */
const pieceSize = 1_000

function piecesOf(key: string, fields: FieldChanges): readonly RecordChange[] {
  const all = Object.entries(fields)
  return Array.from({ length: Math.ceil(all.length / pieceSize) }, (_, piece) => ({
    key,
    fields: Object.fromEntries(all.slice(piece * pieceSize, (piece + 1) * pieceSize)),
  }))
}

function isContact(number: string, name: string): boolean {
  return parseContactNumber(number) === number && parseContactName(name) !== null
}

/** The key of a phone book. */
export function bookKey(owner: BookOwner): string {
  return owner === null ? 'contacts' : `contacts:${owner}`
}
