import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import type { Writable } from 'node:stream'
import stringWidth from 'string-width'
import { printable, printableLines } from '../../base/output/printable.js'

/**
 * Where a command prints: its result on `out`, everything else on `err`. Control characters are shown as `\u001b`, so that no text moves
 * the cursor, hides text or changes a colour.
 */
export interface Terminal {
  print(text: string): void
  /** Data for a program: unchanged, unless a person reads it. */
  deliver(text: string): void
  complain(text: string): void
  /** A text that may name commands as `hotdesk …`, with the form that works here. `complain` and `announce` do this by themselves. */
  hint(text: string): string
  /** For a person: on `out` at a terminal, else on `err`, so that a program that reads `out` does not get it. */
  announce(text: string): void
  /** The reader has gone: `hotdesk events --follow | head`. */
  readonly isGone: boolean
  /** Characters in a line; 80 if it is not a terminal. It changes with the window. */
  readonly width: number
  /** Asks the person at the terminal; true for `y` or `yes`. null: there is no terminal. */
  readonly ask: ((question: string) => Promise<boolean>) | null
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
  /** Of `err`; the same as `out` by default. */
  readonly complaints?: Colouring
  /** Of `out`; a person by default. */
  readonly reader?: 'person' | 'program'
  /** The next line that the person types; undefined without a terminal. */
  readonly answer?: (question: string) => Promise<string>
  /** Called once when a part of the output is lost because the disk is full. */
  readonly onLost?: () => void
  readonly hint?: (text: string) => string
}

export type Colouring = 'colour' | 'plain'

const diskFaults: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG']

export function createTerminal(needs: TerminalNeeds): Terminal {
  const { out, err, colour, complaints = colour, reader = 'person', answer, onLost, hint = (text: string) => text } = needs
  const painted = (code: number) => (text: string) => (colour === 'colour' ? `\u001b[${code}m${mark}${text}\u001b[0m${mark}` : text)
  let isGone = false
  // A reader that goes away is not a fault.
  out.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (!isGone && diskFaults.includes(code)) {
      err.write(`hotdesk: the output is incomplete: ${message}; free some space and repeat the command\n`)
      onLost?.()
    }
    isGone = true
  })
  return {
    get isGone() {
      return isGone
    },
    get width() {
      return 'columns' in out && typeof out.columns === 'number' ? out.columns : 80
    },
    print: (text) => void out.write(`${shown(text, colour)}\n`),
    deliver: (text) => void out.write(`${reader === 'program' ? text : shown(text, colour)}\n`),
    complain: (text) => void err.write(`${shown(hint(text), complaints)}\n`),
    hint,
    announce: (text) =>
      void (reader === 'program' ? err.write(`${shown(hint(text), complaints)}\n`) : out.write(`${shown(hint(text), colour)}\n`)),
    ask: answer ? async (question) => /^y(es)?$/i.test((await answer(shown(question, complaints))).trim()) : null,
    paint: { strong: painted(1), faint: painted(2), good: painted(32), bad: painted(31), key: painted(36) },
  }
}

/** The terminal of this process. */
export function processTerminal({ hint }: Required<Pick<TerminalNeeds, 'hint'>>): Terminal {
  // hasColors() also heeds NO_COLOR and FORCE_COLOR.
  const colouring = (stream: NodeJS.WriteStream): Colouring => (stream.isTTY && stream.hasColors() ? 'colour' : 'plain')
  const [out, err] = [process.stdout, process.stderr]
  const asking = process.stdin.isTTY && err.isTTY ? { answer: typedAnswer } : {}
  const reader = out.isTTY ? 'person' : 'program'
  // The command has done its work, so only the exit code 0 is changed.
  const onLost = (): void => {
    process.once('exit', (code) => {
      process.exitCode = code === 0 ? 1 : code
    })
  }
  return createTerminal({ out, err, colour: colouring(out), complaints: colouring(err), reader, onLost, hint, ...asking })
}

/** `''` after Ctrl-C or Ctrl-D. */
async function typedAnswer(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    return await Promise.race([lines.question(question), closed])
  } finally {
    lines.close()
  }
}

/** Marks our own colours, to distinguish them from colours in a name. It is random, so that no name can contain it, and it is never printed. */
const mark = Array.from({ length: 4 }, () => String.fromCodePoint(0x10_0000 + randomInt(0xfffd))).join('')

/** Applies `change` to everything but our colours, and `keep` to each colour. */
function around(text: string, change: (piece: string) => string, keep: (colour: string) => string): string {
  const pieces = text.split(mark)
  const end = pieces.pop() ?? ''
  const marked = pieces.map((piece) => {
    const start = piece.lastIndexOf('\u001b[')
    return change(piece.slice(0, start)) + keep(piece.slice(start))
  })
  return marked.join('') + change(end)
}

function shown(text: string, colouring: Colouring): string {
  return around(text, printableLines, (colour) => (colouring === 'colour' ? colour : ''))
}

/** Pads each column to its widest cell, except the last. */
export function table(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const clean = rows.map((row) => row.map((cell) => around(cell, printable, (colour) => `${colour}${mark}`)))
  const widths = (clean[0] ?? []).map((_, column) => clean.reduce((widest, row) => Math.max(widest, widthOf(row[column] ?? '')), 0))
  return clean.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0))).join(gap))
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

function widthOf(text: string): number {
  return stringWidth(text.replaceAll(mark, ''))
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
