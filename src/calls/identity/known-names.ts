import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Directory } from '../../directory/directory.js'

/** Names of the network's users and phones. A caller from outside must not be shown under one of them. */
export interface KnownNames {
  /** Whether a person could mistake the text for a user's name or number, or for a phone of the network. */
  resembles(text: string, dialplan: Pick<Dialplan, 'route'>): boolean
  close(): void
}

export interface KnownNamesNeeds {
  readonly directory: Pick<Directory, 'users' | 'devices' | 'onUserChange' | 'onDeviceChange'>
}

/** A longer name is not searched, and counts as a resemblance. */
const maxWords = 12

export function createKnownNames({ directory }: KnownNamesNeeds): KnownNames {
  let names: ReadonlySet<string> | null = null
  const forget = (): void => {
    names = null
  }
  const stops = [directory.onUserChange(forget), directory.onDeviceChange(forget)]

  function known(): ReadonlySet<string> {
    names ??= collected()
    return names
  }

  function collected(): ReadonlySet<string> {
    const all = [...directory.users().map(({ name }) => name), ...directory.devices().map(({ id }) => id)]
    return new Set(all.map((name) => wordsIn(name).join(' ')).filter((name) => name !== ''))
  }

  return {
    resembles(text, dialplan) {
      const words = wordsIn(text)
      if (words.length > maxWords || words.some(mixesScripts)) return true
      const isExtension = (digits: string): boolean => dialplan.route(digits).kind === 'user'
      return words.some(isExtension) || isExtension(words.join('')) || runsOf(words).some((run) => known().has(run))
    },
    close() {
      for (const stop of stops) stop()
    },
  }
}

/** In lower case, without accents, full-width forms and invisible characters. */
function wordsIn(text: string): readonly string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toLowerCase()
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
}

/** All runs of consecutive words: `alice`, `alice martin`, `martin`. */
function runsOf(words: readonly string[]): readonly string[] {
  return words.flatMap((_, from) => words.slice(from).map((__, length) => words.slice(from, from + length + 1).join(' ')))
}

/** A Cyrillic letter among Latin ones is meant to deceive. */
function mixesScripts(word: string): boolean {
  const scripts = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u, /\p{Script=Cherokee}/u]
  return scripts.filter((script) => script.test(word)).length > 1
}
