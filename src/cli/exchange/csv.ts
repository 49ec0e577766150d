import { type CsvError, parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { looksLikeSetting, type Path, type Problem, type Written } from '../../base/written.js'
import { type Kind, kindNames, kinds } from './network-file.js'
import type { Reading } from './reading.js'

/** Where the parser's own message repeats the cell. */
const faultWords: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'a quote stands inside a cell: put the whole cell in quotes, and write a quote in it twice',
  CSV_INVALID_CLOSING_QUOTE: 'expected a separator after a closing quote: write a quote inside a cell twice',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'expected a separator after a closing quote: write a quote inside a cell twice',
}

interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/**
 * Reads a table (RFC 4180) whose first column is `extension`, `device` or `site`. An empty cell says nothing. Places are line and column of
 * the table.
 */
export function readCsv(text: string, file: string): Reading {
  const { rows, problem } = rowsOf(text, file)
  const [header, ...records] = rows
  const kind = kindOf(header)
  const problems = problem ? [problem] : header && kind ? headerProblems(header, kind, file) : [noKind(file)]
  if (problems.length > 0 || !header || !kind) return { written: { value: undefined, problems, placeOf: () => `${file}:1:1` }, late: [] }
  const first = firstOnes(records)
  const written: Written = {
    value: { [kind]: Object.fromEntries(Array.from(first, ([id, row]) => [id, saidIn(row, header)])) },
    problems: [],
    placeOf: ([, id, key]: Path) => {
      const column = key === undefined ? 0 : header.cells.indexOf(String(key))
      return `${file}:${first.get(String(id ?? ''))?.line ?? 1}:${Math.max(0, column) + 1}`
    },
  }
  return { written, late: records.flatMap((row) => twice(row, first, file)) }
}

/** Decimal commas make some programs write tables with `;`. */
function rowsOf(text: string, file: string): { readonly rows: readonly Row[]; readonly problem?: Problem } {
  const [head = ''] = text.split('\n', 1)
  const delimiter = ['\t', ';'].find((one) => head.includes(one) && !head.includes(',')) ?? ','
  try {
    const found = parse(text, { bom: true, delimiter, info: true, raw: true, skip_empty_lines: true, trim: true }) as unknown as {
      readonly record: readonly string[]
      readonly raw: string
      readonly info: { readonly lines: number }
    }[]
    return { rows: found.map(({ record, raw, info }) => ({ line: info.lines - (raw.trim().match(/\n/g)?.length ?? 0), cells: record })) }
  } catch (fault) {
    const { code, message, lines } = fault as CsvError & { readonly lines?: number }
    return { rows: [], problem: { place: `${file}:${lines ?? 1}:1`, key: '', message: faultWords[code] ?? message } }
  }
}

function kindOf(header: Row | undefined): Kind | null {
  return kindNames.find((kind) => kinds[kind].id === header?.cells[0]) ?? null
}

function noKind(file: string): Problem {
  return {
    place: `${file}:1:1`,
    key: '',
    message: `expected a first line with the names of the columns, the first of them ${kindNames.map((kind) => kinds[kind].id).join(' or ')}`,
  }
}

function headerProblems({ line, cells }: Row, kind: Kind, file: string): Problem[] {
  const known: readonly string[] = kinds[kind].keys
  return cells.slice(1).flatMap((name, index) => {
    const place = `${file}:${line}:${index + 2}`
    if (!known.includes(name))
      return [{ place, key: looksLikeSetting(name) ? name : '…', message: `unknown column; known here: ${known.join(', ')}` }]
    return cells.indexOf(name) < index + 1 ? [{ place, key: name, message: 'this column is there twice' }] : []
  })
}

function firstOnes(records: readonly Row[]): ReadonlyMap<string, Row> {
  const first = new Map<string, Row>()
  for (const row of records) if (!first.has(row.cells[0] ?? '')) first.set(row.cells[0] ?? '', row)
  return first
}

function twice(row: Row, first: ReadonlyMap<string, Row>, file: string): Problem[] {
  const id = row.cells[0] ?? ''
  const earlier = first.get(id)
  return !earlier || earlier === row
    ? []
    : [{ place: `${file}:${row.line}:1`, key: '', message: `the record is in line ${earlier.line} already` }]
}

function saidIn({ cells }: Row, header: Row): Record<string, string> {
  const said = header.cells.map((name, index) => [name, cells[index] ?? ''] as const)
  return Object.fromEntries(said.slice(1).filter(([, text]) => text !== ''))
}

/** Records of one kind as a table. */
export function writeCsv(kind: Kind, records: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const { id, keys } = kinds[kind]
  const rows = Object.entries(records).map(([name, said]) => [name, ...keys.map((key) => said[key] ?? '')])
  return stringify([[id, ...keys], ...rows])
}
