import { Writable } from 'node:stream'
import pino from 'pino'
import type { Logger } from '../../../src/base/logger.js'

export interface KeptLog {
  readonly log: Logger
  /** As they would be written, one string a line. */
  readonly lines: readonly string[]
}

/** A logger of every level whose lines are kept. */
export function keepLog(): KeptLog {
  const lines: string[] = []
  const kept = new Writable({
    write(line, _encoding, done) {
      lines.push(String(line))
      done()
    },
  })
  return { log: pino({ level: 'trace' }, kept), lines }
}
