/** Bytes that are not text. The message includes line and column. */
export class TextFault extends Error {
  override readonly name = 'TextFault'
  readonly line: number
  readonly column: number
  /** Without line and column. */
  readonly reason: string

  constructor(line: number, column: number, reason: string) {
    super(`line ${line}, column ${column}: ${reason}`)
    this.line = line
    this.column = column
    this.reason = reason
  }
}

const marks = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const

/** Decodes UTF-8, or UTF-16 with a byte order mark; the mark is removed. @throws TextFault for other bytes */
export function textIn(bytes: Buffer): string {
  if (bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004')))
    throw new TextFault(1, 1, 'this is a workbook or an archive, not text; save the table as CSV in UTF-8')
  const encoding = marks.find((mark) => mark.bytes.every((byte, index) => bytes[index] === byte))?.encoding ?? 'utf-8'
  const text = decoded(bytes, encoding)
  const zero = text.indexOf('\u0000')
  if (zero >= 0) throw faultAt(text, zero, 'a zero byte: this is not a text file, or UTF-16 without a byte order mark; save it as UTF-8')
  return text
}

function decoded(bytes: Buffer, encoding: (typeof marks)[number]['encoding']): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    const text = new TextDecoder(encoding).decode(bytes)
    const at = text.indexOf('\ufffd')
    if (encoding !== 'utf-8') throw faultAt(text, at, `this is not ${encoding.toUpperCase()}; save the file as UTF-8`)
    const byte = bytes[Buffer.byteLength(text.slice(0, at)) + (bytes[0] === 0xef ? 3 : 0)] ?? 0
    const latin = byte >= 0xa0 ? ` ("${String.fromCharCode(byte)}" in Latin-1)` : ''
    throw faultAt(text, at, `the byte 0x${byte.toString(16)}${latin} is not UTF-8; save the file as UTF-8 (in Excel: "CSV UTF-8")`)
  }
}

function faultAt(text: string, index: number, reason: string): TextFault {
  const before = text.slice(0, index).split(/\r\n|\n|\r/)
  return new TextFault(before.length, (before.at(-1)?.length ?? 0) + 1, reason)
}
