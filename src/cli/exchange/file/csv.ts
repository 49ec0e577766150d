import { type CsvError, parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import { looksLikeSetting, type ParsedFile, type Path, type Problem } from '../../../config/yaml/yaml-schema.js'
import { type Kind, kindNames, kinds } from './network-file.js'
import type { Reading } from './reading.js'

/** Replaces messages of the parser that repeat the cell. */
const faultWords: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'a quote inside a cell: quote the whole cell and double the quote',
  CSV_INVALID_CLOSING_QUOTE: 'expected a separator after a closing quote: double a quote inside a cell',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'expected a separator after a closing quote: double a quote inside a cell',
  CSV_QUOTE_NOT_CLOSED: 'a quote is never closed',
}

/** The cells of a line. */
export interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/** A table with the meaning of its columns. */
interface Table {
  readonly kind: Kind
  /** The column that names the record. */
  readonly id: number
  /** Key of each column; null for an unknown column. */
  readonly keys: readonly (string | null)[]
  readonly header: Row
}

/**
 * Reads a table (RFC 4180) with a column `extension`, `device` or `site`. Columns may stand in any order, and their names in any case, with blanks,
 * `-` or `_` between the words. An empty cell changes nothing. Places are line and column of the table.
 */
export function readCsv(text: string, file: string): Reading {
  const { rows, problem } = readRows(text, file)
  const [header, ...records] = rows
  const table = header && tableOf(header)
  const problems = problem ? [problem] : table ? headerProblems(table, file) : [noKind(header, file)]
  if (problems.length > 0 || !table) return { written: { value: undefined, problems, placeOf: () => `${file}:1:1` }, rowProblems: [] }
  const first = firstRows(records, table)
  const written: ParsedFile = {
    value: { [table.kind]: Object.fromEntries(Array.from(first, ([id, row]) => [id, valuesIn(row, table)])) },
    problems: [],
    placeOf: ([, id, key]: Path) => {
      const column = key === undefined ? table.id : table.keys.indexOf(String(key))
      return `${file}:${first.get(String(id ?? ''))?.line ?? 1}:${Math.max(0, column) + 1}`
    },
  }
  return { written, rowProblems: records.flatMap((row) => [...ragged(row, table, file), ...repeated(row, first, { table, file })]) }
}

/** Skips rows without text. `problem`: the table cannot be read. */
export function readRows(whole: string, file: string): { readonly rows: readonly Row[]; readonly problem?: Problem } {
  const { text, delimiter, skipped } = separated(whole)
  try {
    const found = parse(text, {
      delimiter,
      info: true,
      raw: true,
      skip_empty_lines: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      trim: true,
    }) as unknown as { readonly record: readonly string[]; readonly raw: string; readonly info: { readonly lines: number } }[]
    const rows = found.map(({ record, raw, info }) => ({
      line: info.lines + skipped - (raw.trim().match(/\r\n|\n|\r/g)?.length ?? 0),
      cells: record.map((cell) => cell.trim()),
    }))
    return { rows: rows.filter(({ cells }) => cells.some((cell) => cell !== '')) }
  } catch (fault) {
    const { code, message, lines } = fault as CsvError & { readonly lines?: number }
    return { rows: [], problem: { place: `${file}:${(lines ?? 1) + skipped}:1`, key: '', message: faultWords[code] ?? message } }
  }
}

const delimiters = [',', ';', '\t', '|'] as const

/** Programs with decimal commas write `;`, some with `sep=;` in a first line. Otherwise the most frequent delimiter of the first line. */
function separated(text: string): { readonly text: string; readonly delimiter: string; readonly skipped: number } {
  const [, declared, ending] = /^sep=(.)(\r\n|\n|\r)/i.exec(text) ?? []
  if (declared !== undefined) return { text: text.slice(`sep=${declared}${ending ?? ''}`.length), delimiter: declared, skipped: 1 }
  const [head = ''] = text.trimStart().split(/\r\n|\n|\r/, 1)
  const count = (delimiter: string): number => head.split(delimiter).length
  const [delimiter] = delimiters.toSorted((one, other) => count(other) - count(one))
  return { text, delimiter: delimiter ?? ',', skipped: 0 }
}

/** `Ring seconds`, `ring-seconds` and `RINGSECONDS` are `ringSeconds`. */
export function columnName(name: string): string {
  return name.toLowerCase().replace(/[\s_-]/g, '')
}

function tableOf(header: Row): Table | null {
  const names = header.cells.map(columnName)
  // A table of phones has a `site` column too, so `sites` comes last.
  for (const kind of ['users', 'devices', 'sites'] as const) {
    const id = names.indexOf(columnName(kinds[kind].id))
    if (id < 0) continue
    const keys: readonly string[] = kinds[kind].keys
    return { kind, id, header, keys: names.map((name, at) => (at === id ? null : (keys.find((key) => columnName(key) === name) ?? null))) }
  }
  return null
}

function noKind(header: Row | undefined, file: string): Problem {
  const names = kindNames.map((kind) => kinds[kind].id)
  const found = header?.cells.filter((name) => looksLikeSetting(name)).slice(0, 5) ?? []
  const message = `expected a first line with column names, one of them ${names.join(' or ')}`
  return { place: `${file}:1:1`, key: '', message: found.length > 0 ? `${message}; found ${found.join(', ')}` : message }
}

function headerProblems({ kind, id, keys, header: { line, cells } }: Table, file: string): Problem[] {
  const known: readonly string[] = kinds[kind].keys
  const plain = cells.map(columnName)
  return cells.flatMap((name, index) => {
    const place = `${file}:${line}:${index + 1}`
    const key = looksLikeSetting(name) ? name : '…'
    if (plain.indexOf(plain[index] ?? '') < index && name !== '') return [{ place, key, message: 'this column is given twice' }]
    if (index === id || keys[index] !== null || name === '') return []
    return [{ place, key, message: `unknown column; known here: ${known.join(', ')}` }]
  })
}

function idOf({ cells }: Row, { id }: Table): string {
  return cells[id] ?? ''
}

function firstRows(records: readonly Row[], table: Table): ReadonlyMap<string, Row> {
  const first = new Map<string, Row>()
  for (const row of records) if (!first.has(idOf(row, table))) first.set(idOf(row, table), row)
  return first
}

/** Empty cells at the end are no matter: spreadsheets write them. A row with too few has lost a separator somewhere. */
function ragged({ line, cells }: Row, { keys, header }: Table, file: string): Problem[] {
  const expected = `expected ${keys.length} cells, as in the first line`
  const surplus = cells.findIndex((cell, at) => cell !== '' && (at >= keys.length || header.cells[at] === ''))
  if (surplus >= 0) {
    const words =
      surplus < keys.length
        ? 'a cell in a column without a name'
        : `${expected}, found ${lastOf(cells)}: quote text that contains a separator`
    return [{ place: `${file}:${line}:${surplus + 1}`, key: '', message: words }]
  }
  return cells.length < keys.length
    ? [{ place: `${file}:${line}:${cells.length}`, key: '', message: `${expected}, found ${cells.length}` }]
    : []
}

function lastOf(cells: readonly string[]): number {
  return cells.findLastIndex((cell) => cell !== '') + 1
}

function repeated(row: Row, first: ReadonlyMap<string, Row>, { table, file }: { readonly table: Table; readonly file: string }): Problem[] {
  const earlier = first.get(idOf(row, table))
  return !earlier || earlier === row
    ? []
    : [{ place: `${file}:${row.line}:${table.id + 1}`, key: '', message: `the record is already in line ${earlier.line}` }]
}

function valuesIn({ cells }: Row, { keys }: Table): Record<string, string> {
  return Object.fromEntries(keys.flatMap((key, index) => (key === null || !cells[index] ? [] : [[key, cells[index]] as const])))
}

/** Records of one kind as a table. */
export function writeCsv(kind: Kind, records: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const { id, keys } = kinds[kind]
  const rows = Object.entries(records).map(([name, values]) => [name, ...keys.map((key) => values[key] ?? '')])
  return stringify([[id, ...keys], ...rows])
}
