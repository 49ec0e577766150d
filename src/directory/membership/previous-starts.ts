import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'

/** Previous starts of this node, listed in its data folder. The node may take over a heartbeat that one of them left. */
export interface PreviousStarts {
  /** `here`: a process on a machine with this host name used the folder. `elsewhere`: one on another machine. */
  machineOf(boot: string): 'here' | 'elsewhere' | null
}

export interface PreviousStartsNeeds {
  /** The node's data folder. */
  readonly data: string
  /** This start, which is added. */
  readonly boot: string
  readonly log: Logger
}

const fileName = 'starts'
const mostKept = 50

/** Reads the previous starts and adds this one. If the folder is not writable, only the next start takes longer. */
export function recordStart({ data, boot, log }: PreviousStartsNeeds): PreviousStarts {
  const file = join(data, fileName)
  const former = readStarts(file)
  const host = hostname()
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const lines = [...former, [boot, host] as const].slice(-mostKept).map((words) => words.join(' '))
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  } catch (fault) {
    log.warn({ event: 'store.waiting', reason: messageOf(fault) }, `this start could not be recorded in ${file}`)
  }
  const hosts = new Map(former)
  return {
    machineOf(start) {
      const there = hosts.get(start)
      if (there === undefined) return null
      return there === host ? 'here' : 'elsewhere'
    },
  }
}

function readStarts(file: string): readonly (readonly [boot: string, host: string])[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.flatMap((line) => {
      const [boot = '', host = ''] = line.split(' ')
      return boot === '' ? [] : [[boot, host] as const]
    })
  } catch {
    return []
  }
}
