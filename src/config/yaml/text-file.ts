import { closeSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { type AppError, errors } from '../../base/errors.js'
import { textIn } from './text-bytes.js'

const megabyte = 1024 * 1024

/** A configuration or a dial plan. */
export const mostOfSettings = megabyte
/** An import: some hundred thousand users and phones. */
export const mostOfImport = 256 * megabyte

/**
 * The text of a file, a pipe or a device, even an endless one. @throws AppError CONFIG_INVALID if it is larger than `most` bytes; TextFault
 * if it is not text; the error of the system if it cannot be read
 */
export function readTextFile(path: string, most: number): string {
  const file = openSync(path, 'r')
  try {
    return piecesOf(path, most, (buffer) => readSync(file, buffer))
  } finally {
    closeSync(file)
  }
}

function piecesOf(path: string, most: number, read: (buffer: Buffer) => number): string {
  const pieces: Buffer[] = []
  for (let left = most; ; ) {
    const buffer = Buffer.allocUnsafe(64 * 1024)
    const count = read(buffer)
    if (count === 0) return textIn(Buffer.concat(pieces))
    left -= count
    if (left < 0) throw tooLarge(path, most)
    pieces.push(buffer.subarray(0, count))
  }
}

/** The same for a stream, such as standard input. */
export async function readTextStream(stream: Readable, name: string, most: number): Promise<string> {
  const pieces: Buffer[] = []
  let left = most
  for await (const piece of stream as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(piece)
    left -= bytes.length
    if (left < 0) throw tooLarge(name, most)
    pieces.push(bytes)
  }
  return textIn(Buffer.concat(pieces))
}

function tooLarge(name: string, most: number): AppError {
  return errors.CONFIG_INVALID.tooLarge({ name, megabytes: most / megabyte })
}
