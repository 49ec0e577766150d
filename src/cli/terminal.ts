import type { Writable } from 'node:stream'
import stringWidth from 'string-width'

/** Where a command speaks: what was asked for on `out`, everything else on `err`. */
export interface Terminal {
  print(text: string): void
  complain(text: string): void
  /** Nobody reads any more: `hotdesk events --follow | head`. */
  readonly isGone: boolean
  readonly paint: Paint
}

/** Colours at a terminal, plain text everywhere else. */
export interface Paint {
  strong(text: string): string
  faint(text: string): string
  good(text: string): string
  bad(text: string): string
  key(text: string): string
}

export interface TerminalNeeds {
  readonly out: Writable
  readonly err: Writable
  readonly colour: Colouring
  /** Of `err`, which may go elsewhere; as `out` where it is left out. */
  readonly complaints?: Colouring
}

export type Colouring = 'colour' | 'plain'

export function createTerminal({ out, err, colour, complaints = colour }: TerminalNeeds): Terminal {
  const painted = (code: number) => (text: string) => (colour === 'colour' ? `\u001b[${code}m${text}\u001b[0m` : text)
  let isGone = false
  // A reader that has had enough is no fault; the standard output of a process stays writable all the same.
  out.on('error', () => {
    isGone = true
  })
  return {
    get isGone() {
      return isGone
    },
    print: (text) => void out.write(`${text}\n`),
    complain: (text) => void err.write(`${complaints === 'colour' ? text : colourless(text)}\n`),
    paint: { strong: painted(1), faint: painted(2), good: painted(32), bad: painted(31), key: painted(36) },
  }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // hasColors() also heeds NO_COLOR and FORCE_COLOR.
  const colouring = (stream: NodeJS.WriteStream): Colouring => (stream.isTTY && stream.hasColors() ? 'colour' : 'plain')
  const [out, err] = [process.stdout, process.stderr]
  return createTerminal({ out, err, colour: colouring(out), complaints: colouring(err) })
}

function colourless(text: string): string {
  return text.replace(/\p{Cc}\[\d{1,2}m/gu, '')
}

/** Columns as wide as their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const clean = rows.map((row) => row.map(harmless))
  const widths = (clean[0] ?? []).map((_, column) => Math.max(...clean.map((row) => stringWidth(row[column] ?? ''))))
  return clean.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0))).join(gap))
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)))
}

/** Without what would move the cursor, ring a bell or turn the direction of writing: names come from elsewhere. Our colours stay. */
function harmless(text: string): string {
  const isColour = (found: string): boolean => found.length > 1 && found.startsWith('\u001b')
  return text.replace(/\p{Cc}(\[\d{1,2}m)?|[\u202a-\u202e\u2066-\u2069]/gu, (found: string, rest?: string) =>
    isColour(found) ? found : (rest ?? ''),
  )
}

/** Lines of at most `width` characters, broken between words. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
