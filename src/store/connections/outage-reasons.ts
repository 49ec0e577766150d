import type { Redis } from 'ioredis'
import { isAppError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { type Trouble, type TroubledPlace, troubleLine, troubleOf } from './connection-errors.js'

/** Why the connections cannot be used; each reason is logged once until they can. */
export interface OutageReasons {
  readonly trouble: Trouble | null
  note(fault: unknown): void
  /** To be called every second while Redis is lost. */
  look(): void
  /** Redis can be used again, or is lost anew. */
  reset(): void
}

export interface OutageReasonNeeds {
  readonly connections: readonly Redis[]
  readonly place: TroubledPlace
  /** False when nobody wants to hear any more. */
  readonly isOpen: () => boolean
  readonly log: Logger
}

/** So many connections may end without a reason before that is worth a word: during a failover some do. */
const silentCloses = 2

export function createOutageReasons({ connections, place, isOpen, log }: OutageReasonNeeds): OutageReasons {
  const told = new Set<string>()
  let trouble: Trouble | null = null
  /** Connections that were open, and not ready, at the last look. */
  const unready = new Set<Redis>()

  for (const connection of connections) {
    let closes = 0
    connection.on('ready', () => {
      closes = 0
    })
    connection.on('error', (fault: Error) => {
      // A close follows.
      closes = -1
      note(fault)
    })
    connection.on('close', () => {
      closes += 1
      if (closes > silentCloses) note(new Error('Connection is closed.'))
    })
  }

  function note(fault: unknown): void {
    if (!isOpen()) return
    const found = isAppError(fault) ? fault : troubleOf(fault, place)
    trouble = found
    if (told.has(found.says)) return
    told.add(found.says)
    log.warn({ event: 'store.waiting' }, `Redis cannot be used yet (${place.cli}): ${troubleLine(found)}; trying again`)
  }

  return {
    get trouble() {
      return trouble
    },
    note,
    // A connection stays open and unready for as long as Redis loads its data; any other failure ends it within a second.
    look() {
      for (const connection of connections) {
        const isUnready = connection.status === 'connect'
        if (isUnready && unready.has(connection)) note(new Error('LOADING'))
        if (isUnready) unready.add(connection)
        else unready.delete(connection)
      }
    },
    reset() {
      told.clear()
      trouble = null
    },
  }
}
