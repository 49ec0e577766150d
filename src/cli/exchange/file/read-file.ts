import { basename, extname } from 'node:path'
import { messageOf } from '../../../base/errors.js'
import { TextFault } from '../../../config/yaml/text-bytes.js'
import { maxImportBytes, readTextFile, readTextStream } from '../../../config/yaml/text-file.js'
import { invalid, type Problem, readYaml } from '../../../config/yaml/yaml-schema.js'
import { readCsv } from './csv.js'
import type { Reading } from './reading.js'
import { readCopy } from './saved-network.js'

export const formats = ['yaml', 'csv'] as const
export type Format = (typeof formats)[number]

/** Reads a file to import, or standard input for `-`. @throws AppError IMPORT_INVALID if it is not text */
export async function readFile(file: string, format?: Format): Promise<Reading> {
  const name = file === '-' ? 'standard input' : basename(file)
  const content = await readContent(file, name)
  const copy = format === undefined ? readCopy(content, name) : null
  if (copy) return copy
  return (format ?? formatIn(content, file)) === 'csv' ? readCsv(content, name) : { written: readYaml(content, name), rowProblems: [] }
}

/** The text of a file to import, or of standard input for `-`. @throws AppError IMPORT_INVALID if it is not text, or empty */
export async function readContent(file: string, name: string): Promise<string> {
  const content = await contentOf(file, name)
  const lost = content.indexOf('\ufffd')
  if (lost >= 0) throw unreadable(name, lostCharacter(content, lost))
  if (content.trim() === '') throw unreadable(name, { place: name, key: '', message: 'the file is empty' })
  return content
}

async function contentOf(file: string, name: string): Promise<string> {
  try {
    return file === '-' ? await readTextStream(process.stdin, name, maxImportBytes) : readTextFile(file, maxImportBytes)
  } catch (fault) {
    const problem =
      fault instanceof TextFault
        ? { place: `${name}:${fault.line}:${fault.column}`, key: '', message: fault.reason }
        : { place: name, key: '', message: `cannot be read (${messageOf(fault)})` }
    throw unreadable(name, problem)
  }
}

/** The file was once saved in an encoding that lacks some of its characters. */
function lostCharacter(content: string, at: number): Problem {
  const before = content.slice(0, at).split(/\r\n|\n|\r/)
  const place = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
  return { place, key: '', message: 'a character was lost here when the file was converted (U+FFFD); write it again' }
}

function unreadable(name: string, problem: Problem): Error {
  const place = problem.place.startsWith(name) ? problem.place : `${name}:${problem.place}`
  return invalid('IMPORT_INVALID', name, [{ ...problem, place }])
}

/** Without a known file name ending, a first line of column names means CSV. */
function formatIn(content: string, file: string): Format {
  const isNamed = /\.(ya?ml|json|csv|tsv|txt)$/i.test(file)
  const [first = ''] = content.trimStart().split(/[\r\n]/, 1)
  return !isNamed && /[,;\t]/.test(first) && !/[:{}]/.test(first) ? 'csv' : formatOf(file)
}

export function formatOf(file: string): Format {
  return ['.csv', '.tsv', '.txt'].includes(extname(file).toLowerCase()) ? 'csv' : 'yaml'
}
