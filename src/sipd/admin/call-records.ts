import type { Clock } from '../../base/clock.js'
import type { CallRecords, Recorded } from '../core/application.js'
import { newWireId } from '../wire-id.js'
import type { Registry } from './registry.js'
import { wireTime } from './wire-line.js'

/** Sends call records to every application that has asked for their kind (`route|cdr:start`). */
export function createCallRecords(registry: Registry, clock: Clock): CallRecords {
  function tell(verb: string, words: readonly string[], message: Recorded): void {
    for (const client of registry.wanting(verb)) {
      const [source = '', ...rest] = words
      client.sent(
        [newWireId(), verb, source, wireTime(clock.now()), ...rest].join('|'),
        Buffer.isBuffer(message) ? message : message.toBuffer(),
      )
    }
  }
  return {
    attempt: (source, message) => tell('cdr:attempt', [source], message),
    start: (source, role, message) => tell('cdr:start', [source, role], message),
    stop: (source, reason, message) => tell('cdr:stop', [source, reason], message),
  }
}
