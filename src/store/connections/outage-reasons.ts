import type { Redis } from 'ioredis'
import { isAppError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { type TargetText, type Trouble, troubleLine, troubleOf } from './connection-errors.js'

/** Why the connections cannot be used. Each reason is logged once per outage. */
export interface OutageReasons {
  readonly trouble: Trouble | null
  note(fault: unknown): void
  /** To be called every second while Redis is lost. */
  check(): void
  /** Redis can be used again, or was lost again. */
  reset(): void
}

export interface OutageReasonNeeds {
  readonly connections: readonly Redis[]
  readonly targetText: TargetText
  /** False once the link is closed. */
  readonly isOpen: () => boolean
  readonly log: Logger
}

/** This many closes without a reason are not logged: a failover causes some. */
const silentCloses = 2

export function createOutageReasons({ connections, targetText, isOpen, log }: OutageReasonNeeds): OutageReasons {
  const logged = new Set<string>()
  let trouble: Trouble | null = null
  /** Connections that were open but not ready at the last check. */
  const unready = new Set<Redis>()

  for (const connection of connections) {
    let closes = 0
    connection.on('ready', () => {
      closes = 0
    })
    connection.on('error', (fault: Error) => {
      // A 'close' event follows.
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
    const found = isAppError(fault) ? fault : troubleOf(fault, targetText)
    trouble = found
    if (logged.has(found.says)) return
    logged.add(found.says)
    log.warn({ event: 'store.waiting' }, `Redis cannot be used yet (${targetText.cli}): ${troubleLine(found)}; trying again`)
  }

  return {
    get trouble() {
      return trouble
    },
    note,
    // While Redis loads its data, a connection stays open but not ready. Any other failure ends it within a second.
    check() {
      for (const connection of connections) {
        const isUnready = connection.status === 'connect'
        if (isUnready && unready.has(connection)) note(new Error('LOADING'))
        if (isUnready) unready.add(connection)
        else unready.delete(connection)
      }
    },
    reset() {
      logged.clear()
      trouble = null
    },
  }
}
