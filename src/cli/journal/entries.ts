import { InvalidArgumentError, Option } from 'commander'
import type { StreamEntry } from '../../store/store.js'

/** `--lines`, how many of the newest. */
export function linesOption(usual: number): Option {
  return new Option('-n, --lines <number>', 'so many, the newest').default(usual).argParser((text) => {
    if (!/^[1-9][0-9]{0,4}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 to 99999.')
    return Number(text)
  })
}

/** Epoch milliseconds of an entry. */
export function timeOf({ id }: StreamEntry): number {
  return Number(id.split('-')[0])
}

const local = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' })

/** `2026-03-29 09:00:00`, by the clock of the machine. */
export function localTime(ms: number): string {
  return local.format(ms)
}

/** An entry as one JSON value: its id, its time in UTC, its fields. */
export function plainEntry(entry: StreamEntry): Readonly<Record<string, string>> {
  return { id: entry.id, time: new Date(timeOf(entry)).toISOString(), ...Object.fromEntries(entry.fields) }
}
