import type { Problem } from '../../config/yaml/yaml-schema.js'
import { parseContactName, parseContactNumber } from '../../directory/directory.js'
import { columnName, readRows } from '../exchange/file/csv.js'

/** A contact, and the line of the table that has it. */
export interface ContactRow {
  readonly number: string
  readonly name: string
  readonly line: number
}

/** Reads a table with the columns `number` and `name`, in any order among others. */
export function readContactTable(
  text: string,
  file: string,
): { readonly rows: readonly ContactRow[]; readonly problems: readonly Problem[] } {
  const { rows, problem } = readRows(text, file)
  const [header, ...records] = rows
  const names = header?.cells.map(columnName) ?? []
  const [numberAt, nameAt] = [names.indexOf('number'), names.indexOf('name')]
  const heading = { place: `${file}:1:1`, key: '', message: 'expected a first line with the column names number and name' }
  if (problem) return { rows: [], problems: [problem] }
  if (numberAt < 0 || nameAt < 0) return { rows: [], problems: [heading] }
  const read = records.map(({ line, cells }) => ({
    line,
    number: parseContactNumber(cells[numberAt] ?? ''),
    name: parseContactName(cells[nameAt] ?? ''),
  }))
  return {
    rows: read.flatMap(({ number, name, line }) => (number === null || name === null ? [] : [{ number, name, line }])),
    problems: read.flatMap(({ number, name, line }) => [
      ...(number === null ? [{ place: `${file}:${line}:${numberAt + 1}`, key: 'number', message: 'expected a telephone number' }] : []),
      ...(name === null
        ? [{ place: `${file}:${line}:${nameAt + 1}`, key: 'name', message: 'expected up to 100 characters on one line' }]
        : []),
    ]),
  }
}
