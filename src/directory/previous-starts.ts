import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'

/** The starts of this node that its data folder remembers: a heartbeat that one of them left behind is the node's own. */
export interface FormerLives {
  /** `here`: a process that used this folder on a machine of the same name. `elsewhere`: on another. */
  placeOf(boot: string): 'here' | 'elsewhere' | null
}

export interface FormerLivesNeeds {
  /** The node's data folder. */
  readonly data: string
  /** Of this start, which is added. */
  readonly boot: string
  readonly log: Logger
}

const fileName = 'starts'
const mostKept = 50

/** Reads the starts before this one, and adds this one. A folder that cannot be written costs time at the next start, and nothing else. */
export function rememberLife({ data, boot, log }: FormerLivesNeeds): FormerLives {
  const file = join(data, fileName)
  const former = readLives(file)
  const host = hostname()
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const lines = [...former, [boot, host] as const].slice(-mostKept).map((words) => words.join(' '))
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  } catch (fault) {
    log.warn({ event: 'store.waiting', reason: messageOf(fault) }, `this start could not be noted in ${file}`)
  }
  const hosts = new Map(former)
  return {
    placeOf(of) {
      const there = hosts.get(of)
      if (there === undefined) return null
      return there === host ? 'here' : 'elsewhere'
    },
  }
}

function readLives(file: string): readonly (readonly [boot: string, host: string])[] {
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
