import type { Writable } from 'node:stream'

/** Where a command speaks: what was asked for on `out`, everything else on `err`. */
export interface Terminal {
  print(text: string): void
  complain(text: string): void
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
  readonly colour: 'colour' | 'plain'
}

export function createTerminal({ out, err, colour }: TerminalNeeds): Terminal {
  const painted = (code: number) => (text: string) => (colour === 'colour' ? `\u001b[${code}m${text}\u001b[0m` : text)
  return {
    print: (text) => void out.write(`${text}\n`),
    complain: (text) => void err.write(`${text}\n`),
    paint: { strong: painted(1), faint: painted(2), good: painted(32), bad: painted(31), key: painted(36) },
  }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // hasColors() also heeds NO_COLOR and FORCE_COLOR.
  const colour = process.stdout.isTTY && process.stdout.hasColors() ? 'colour' : 'plain'
  return createTerminal({ out: process.stdout, err: process.stderr, colour })
}

/** Columns as wide as their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[], gap = '  '): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join(gap))
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
