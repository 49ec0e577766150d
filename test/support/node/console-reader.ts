import type { ChildProcess } from 'node:child_process'
import { systemClock } from '../../../src/base/clock.js'

export interface ConsoleReader {
  /** Resolves with what it prints next that fits and that nobody has taken yet. */
  next(what: RegExp): Promise<string>
  /** Everything it has printed. */
  text(): string
}

/** Limit for any output. */
const patienceMs = 40_000

/** Follows what a program prints. `name` is for errors. */
export function readConsole(child: ChildProcess, name: string): ConsoleReader {
  let text = ''
  let taken = 0
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      for (const look of waiting) look()
    })

  function next(what: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const alarm = systemClock.after(patienceMs, () => {
        waiting.delete(look)
        reject(new Error(`${name}: no ${what} in\n${text.slice(taken)}`))
      })
      function look(): void {
        const found = what.exec(text.slice(taken))
        if (!found) return
        taken += found.index + found[0].length
        waiting.delete(look)
        alarm.cancel()
        resolve(found[0])
      }
      waiting.add(look)
      look()
    })
  }

  return { next, text: () => text }
}
