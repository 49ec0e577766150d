import { readFileSync } from 'node:fs'

/** If the system does not show its limit: what most systems allow at least. */
const unknownLimit = 1_024

/** The limit of open files and sockets of this process (RLIMIT_NOFILE). */
export function descriptorLimit(read: () => string = () => readFileSync('/proc/self/limits', 'utf8')): number {
  try {
    const [, soft = ''] = /^Max open files +(\S+)/m.exec(read()) ?? []
    if (soft === 'unlimited') return Number.MAX_SAFE_INTEGER
    return /^[0-9]+$/.test(soft) ? Number(soft) : unknownLimit
  } catch {
    return unknownLimit
  }
}
