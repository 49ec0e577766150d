import type { StreamEntry } from '../../store/store.js'
import { type Paint, table } from '../output/terminal.js'
import { localTime, timeOf } from './entries.js'

const head = ['TIME', 'EVENT', 'DEVICE', 'USER', 'DETAILS']

/** Usual widths, so that events that arrive one by one are aligned. */
const usual = ['2026-03-29 09:00:00', 'login.abandoned', 'HD0001xx', '1001', '']

/** Events as a table; the first line names the columns. */
export function eventLines(entries: readonly StreamEntry[], paint: Paint): string[] {
  const [first = '', , ...rows] = table([head, usual, ...entries.map(cellsOf)])
  return [paint.faint(first.trimEnd()), ...rows.map((row) => row.trimEnd())]
}

function cellsOf(entry: StreamEntry): string[] {
  const { event, device, user, ...details } = Object.fromEntries(entry.fields)
  const said = Object.entries(details).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name} ${value}`]))
  return [localTime(timeOf(entry)), event ?? '', device || '-', user || '-', said.join(', ')]
}

/** Whether the entry is about this user or phone. */
export function concerns({ fields }: StreamEntry, subject: string): boolean {
  return ['device', 'user', 'displaced', 'from'].some((name) => (fields.get(name) ?? '').split(' ').includes(subject))
}
