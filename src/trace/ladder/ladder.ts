import stringWidth from 'string-width'
import type { Arrow, Party } from '../conversation.js'
import { detailsOf, labelsOf } from './labels.js'

/** Colours of the terminal. */
export interface LadderPaint {
  strong(text: string): string
  faint(text: string): string
  good(text: string): string
  bad(text: string): string
  key(text: string): string
}

export interface LadderNeeds {
  /** Of the terminal, in characters. It may change. */
  readonly width: () => number
  readonly paint: LadderPaint
  /** `full`: whole messages under their arrows. */
  readonly detail: 'short' | 'full'
}

/** Draws messages as arrows between columns, one for each party. */
export interface Ladder {
  /** Lines for these messages, in order. They begin with the names of the columns if these have changed. */
  draw(arrows: readonly Arrow[]): string[]
}

/** `  12.345 ` */
const timeWidth = 10
/** After a longer pause there is an empty row. */
const pauseMs = 1_000
/** A phone sends its credentials after these: nothing is wrong yet. */
const challenges: ReadonlySet<number> = new Set([401, 407])

const narrowestLane = 14
const widestLane = 38

export function createLadder({ width, paint, detail }: LadderNeeds): Ladder {
  let columns: readonly Party[] = []
  let drawn = ''
  let began: number | null = null
  let latest = Number.POSITIVE_INFINITY

  function draw(arrows: readonly Arrow[]): string[] {
    const lines: string[] = []
    for (let done = 0; done < arrows.length; ) {
      const most = Math.max(2, Math.floor((width() - timeWidth) / narrowestLane))
      const chosen = columnsFor(columns, arrows.slice(done), most)
      columns = chosen.columns
      const grid = gridOf(columns, width())
      const names = `${grid.width} ${columns.map(({ key }) => key).join('|')}`
      if (names !== drawn) lines.push(...(drawn === '' ? [] : ['']), ...heads(grid, paint))
      drawn = names
      for (const arrow of arrows.slice(done, done + chosen.count)) lines.push(...rowsOf(arrow, grid))
      done += chosen.count
    }
    return lines
  }

  function rowsOf(arrow: Arrow, grid: Grid): string[] {
    began ??= arrow.at
    const seconds = ((arrow.at - began) / 1_000).toFixed(3)
    const isLater = arrow.at - latest > pauseMs
    latest = arrow.at
    const [from, to] = [grid.at(arrow.from), grid.at(arrow.to)]
    const [left, right] = [Math.min(from, to), Math.max(from, to)]
    const { before, after } = grid.around(left, right)
    const line = shaft(arrow, right - left - 1, from < to ? 'right' : 'left')
    const row = `${paint.faint(`${seconds.padStart(timeWidth - 1)}${before}`)}${colourOf(arrow)(line)}${paint.faint(after)}`
    const notes = detail === 'full' ? whole(arrow) : detailsOf(arrow.sip).map((text) => note(text, left, grid))
    return [...(isLater ? [paint.faint(grid.lines)] : []), row, ...notes.map((text) => paint.faint(text))]
  }

  function colourOf({ sip: { status }, repeats }: Arrow): (text: string) => string {
    if (repeats > 0 || (status >= 400 && !challenges.has(status))) return paint.bad
    if (status === 0) return paint.key
    return status < 200 ? (text) => text : status < 300 ? paint.good : paint.strong
  }

  return { draw }
}

/** The columns for the first messages, and how many of these fit. Columns that were not used for longest give way. */
function columnsFor(present: readonly Party[], arrows: readonly Arrow[], most: number): { columns: readonly Party[]; count: number } {
  const columns = new Map(present.slice(-most).map((party) => [party.key, party]))
  const used = new Set<string>()
  let count = 0
  for (const { from, to } of arrows) {
    const isFull = new Set([...used, from.key, to.key]).size > most
    if (isFull) break
    for (const party of [from, to]) {
      used.add(party.key)
      if (columns.has(party.key)) continue
      const idle = columns.size >= most ? [...columns.keys()].find((key) => !used.has(key) && key !== to.key) : undefined
      if (idle !== undefined) columns.delete(idle)
      columns.set(party.key, party)
    }
    count += 1
  }
  return { columns: [...columns.values()], count }
}

interface Grid {
  readonly width: number
  readonly lane: number
  readonly columns: readonly Party[]
  /** A row without an arrow. */
  readonly lines: string
  /** The position of a party's line. */
  at(party: Party): number
  /** The lines beside an arrow; `before` begins after the time. */
  around(left: number, right: number): { readonly before: string; readonly after: string }
}

function gridOf(columns: readonly Party[], terminal: number): Grid {
  const lane = Math.min(widestLane, Math.max(narrowestLane, Math.floor((terminal - timeWidth) / columns.length)))
  const places = columns.map((_, index) => timeWidth + lane * index + Math.floor(lane / 2))
  const lines = (from: number, to: number): string => {
    const cells = Array.from({ length: Math.max(0, to - from) }, (_, index) => (places.includes(from + index) ? '│' : ' '))
    return cells.join('')
  }
  return {
    width: terminal,
    lane,
    columns,
    lines: ' '.repeat(timeWidth) + lines(timeWidth, (places.at(-1) ?? timeWidth) + 1),
    at: ({ key }) => places[columns.findIndex((column) => column.key === key)] ?? timeWidth,
    around: (left, right) => ({
      before: lines(timeWidth - 1, left + 1),
      after: lines(right, (places.at(-1) ?? right) + 1),
    }),
  }
}

function heads({ lane, columns }: Grid, { strong, faint }: LadderPaint): string[] {
  const row = (texts: readonly string[]): string =>
    (' '.repeat(timeWidth) + texts.map((text) => centred(clipped(text, lane - 1), lane)).join('')).trimEnd()
  const addresses = columns.map(({ address }) => address)
  const isNarrow = addresses.some((address) => address.length >= lane)
  const parts = isNarrow ? [addresses.map(hostIn), addresses.map((address) => address.slice(hostIn(address).length))] : [addresses]
  return [strong(row(columns.map(({ name }) => name))), ...[...parts, columns.map(() => '│')].map((texts) => faint(row(texts)))]
}

/** `198.51.100.9` of `198.51.100.9:5060` */
function hostIn(address: string): string {
  return address.slice(0, Math.max(address.lastIndexOf(':'), 0))
}

/** The line of a party stands at half the lane. */
function centred(text: string, lane: number): string {
  const size = stringWidth(text)
  const before = Math.max(0, Math.floor(lane / 2) - Math.floor(size / 2))
  return ' '.repeat(before) + text + ' '.repeat(Math.max(0, lane - before - size))
}

function clipped(text: string, width: number): string {
  return stringWidth(text) <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}

/** `── INVITE 101 ──>` */
function shaft(arrow: Arrow, width: number, direction: 'left' | 'right'): string {
  if (width < 1) return ''
  const room = width - 3
  const labels = labelsOf(arrow)
  const label = labels.find((text) => stringWidth(text) <= room) ?? clipped(labels.at(-1) ?? '', room)
  const dashes = Math.max(0, width - 3 - stringWidth(label))
  const [first, last] = [Math.floor(dashes / 2), Math.ceil(dashes / 2)]
  return direction === 'right' ? `${'─'.repeat(first)} ${label} ${'─'.repeat(last)}>` : `<${'─'.repeat(last)} ${label} ${'─'.repeat(first)}`
}

/** Under its arrow, or further left if it is long. */
function note(text: string, left: number, { width, lines }: Grid): string {
  const shown = clipped(text, width - timeWidth)
  const start = Math.max(timeWidth, Math.min(left + 2, width - stringWidth(shown)))
  // One blank between the text and the lines of other parties.
  return `${lines.slice(0, start - 1).padEnd(start - 1)} ${shown} ${lines.slice(start + stringWidth(shown) + 1)}`.trimEnd()
}

function whole({ from, to, protocol, text }: Arrow): string[] {
  const head = `${from.name} ${from.address} > ${to.name} ${to.address} over ${protocol}`
  return [
    `  ${head}`,
    ...text
      .trimEnd()
      .split(/\r?\n/)
      .map((line) => `    ${line}`),
    '',
  ]
}
