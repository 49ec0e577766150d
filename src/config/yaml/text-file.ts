import { closeSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { type AppError, errors } from '../../base/errors.js'
import { textIn } from './text-bytes.js'

const megabyte = 1024 * 1024

/** A configuration or a dial plan. */
export const maxConfigBytes = megabyte
/** An import: some hundred thousand users and phones. */
export const maxImportBytes = 256 * megabyte

/**
 * The text of a file, a pipe or a device, even an endless one. @throws AppError CONFIG_INVALID if it is larger than `maxBytes`; TextFault
 * if it is not text; the error of the system if it cannot be read
 */
export function readTextFile(path: string, maxBytes: number): string {
  const file = openSync(path, 'r')
  try {
    return piecesOf(path, maxBytes, (buffer) => readSync(file, buffer))
  } finally {
    closeSync(file)
  }
}

function piecesOf(path: string, maxBytes: number, read: (buffer: Buffer) => number): string {
  const pieces: Buffer[] = []
  for (let left = maxBytes; ; ) {
    const buffer = Buffer.allocUnsafe(64 * 1024)
    const count = read(buffer)
    if (count === 0) return textIn(Buffer.concat(pieces))
    left -= count
    if (left < 0) throw tooLarge(path, maxBytes)
    pieces.push(buffer.subarray(0, count))
  }
}

/** The same for a stream, such as standard input. */
export async function readTextStream(stream: Readable, name: string, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = []
  let left = maxBytes
  for await (const piece of stream as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(piece)
    left -= bytes.length
    if (left < 0) throw tooLarge(name, maxBytes)
    pieces.push(bytes)
  }
  return textIn(Buffer.concat(pieces))
}

function tooLarge(name: string, maxBytes: number): AppError {
  return errors.CONFIG_INVALID.tooLarge({ name, megabytes: maxBytes / megabyte })
}
