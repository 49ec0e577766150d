import { InvalidArgumentError, Option } from 'commander'
import type { StreamEntry } from '../../store/store.js'

/** `--lines`, how many of the newest. */
export function linesOption(usual: number): Option {
  return new Option('-n, --lines <number>', 'number of entries').default(usual).argParser((text) => {
    if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 to 99999.')
    return Number(text)
  })
}

/** Epoch milliseconds of an entry. */
export function timeOf({ id }: StreamEntry): number {
  return Number(id.split('-')[0])
}

const local = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })

/** `2026-03-29 09:00:00`, in the time zone of the machine. */
export function localTime(ms: number): string {
  return local.format(ms)
}

/** Fields of events and calls that are numbers. */
const numbers = 'seconds calls refused more ringSeconds talkSeconds added changed removed users phones passwords'.split(' ')

/** An entry as one JSON value: its id, its time in UTC, its fields. */
export function plainEntry(entry: StreamEntry): Readonly<Record<string, string | number>> {
  const fields = Array.from(entry.fields, ([name, text]) => [name, numbers.includes(name) && /^[0-9]+$/.test(text) ? Number(text) : text])
  return { id: entry.id, time: new Date(timeOf(entry)).toISOString(), ...(Object.fromEntries(fields) as Record<string, string | number>) }
}

export type Order = { readonly reverse?: boolean }

/** By default the newest entry is last, next to the prompt. */
export const newestFirst = ['--reverse', 'newest first (default: newest last)'] as const

/** Puts entries, which Redis returns newest first, in the requested order. */
export function inOrder(entries: readonly StreamEntry[], { reverse }: Order): readonly StreamEntry[] {
  return reverse ? entries : entries.toReversed()
}
