import { bookKey } from '../../../directory/directory.js'

/** The owner of the phone book that all users see. */
export const centralBook = 'central'

type Hash = ReadonlyMap<string, string>

/** All phone books among these hashes by key: owner → number → name. */
export function booksIn(hashes: Iterable<readonly [string, Hash | undefined]>): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const prefix = bookKey(null)
  const books = [...hashes]
    .filter(([key]) => key === prefix || key.startsWith(`${prefix}:`))
    .map(([key, hash]) => [key.slice(prefix.length + 1) || centralBook, hash] as const)
  return Object.fromEntries(
    books
      .toSorted(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
      .map(([owner, book]) => [owner, Object.fromEntries([...(book ?? [])].toSorted(([one], [other]) => (one < other ? -1 : 1)))]),
  )
}
