import type { Language } from '../../base/language.js'

/** A contact or a call. */
export interface PageLine {
  readonly name: string
  /** What the phone dials; null: nothing. */
  readonly number: string | null
}

export interface PageLink {
  readonly label: string
  readonly url: string
}

/** One answer: lines, or links to other answers. */
export interface Page {
  readonly title: string
  readonly lines: readonly PageLine[]
  readonly links: readonly PageLink[]
  readonly previous: string | null
  readonly next: string | null
  /** Where a form for a search is; null: there is nothing to search. */
  readonly ask: string | null
  /** The address to which the text of a search is sent as the parameter `q`. */
  readonly search: string | null
  /** Position of the first line in the whole list, from 0. */
  readonly from: number
  readonly total: number
  readonly language: Language
}

/** What a phone asks for. */
export interface Asked {
  readonly text: string
  /** Lines of the whole list, from 0; `to` null: as many as fit. */
  readonly from: number
  readonly to: number | null
}

/** How phones of one make read lists. */
export interface PageFormat {
  readonly contentType: string
  /**
   * `steps`: `lines` at a time, with links to the next and the previous ones. `menu`: a long list begins with at most `links` links to its
   * parts, because the phone shows no others. `whole`: at most `lines`, because the phone asks once.
   */
  readonly paging:
    | { readonly kind: 'steps' | 'whole'; readonly lines: number }
    | { readonly kind: 'menu'; readonly lines: number; readonly links: number }
  /** Whether the phone follows links. If not, the call log is one list. */
  readonly followsLinks: boolean
  print(page: Page, query: URLSearchParams): string
  /** A form for a search, of phones that have one. */
  printForm?(page: Page): string
  /** The parameters of a phone that has its own. */
  read?(query: URLSearchParams): Asked
}

/** Displays have room for 20 to 40 characters. */
const longestName = 40

/** A name that fits on a display, and whose answers have a known size. */
export function shortened(name: string, longest = longestName): string {
  const characters = Array.from(name)
  return characters.length <= longest ? name : `${characters.slice(0, longest - 1).join('')}…`
}

/** A number in a query; 0 if it is none. */
export function countIn(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ''
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : 0
}
