import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which machine, process namespace, process and start of it: `5f2c0a1e.4026531836.812.90417`; on other systems than Linux `<host>.0.<pid>.0`. */
export type ProcessIdentity = string

export function thisProcess(): ProcessIdentity {
  return identityOf(process.pid)
}

/** Of a process that runs in the same namespace as this one. */
export function identityOf(pid: number): ProcessIdentity {
  return [...machine(), pid, startOf(pid) ?? 0].join('.')
}

/** `unknown` for a process of another machine or container, of which nothing can be learned from here. */
export function lifeOf(identity: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  const parts = identity.split('.')
  const [start, pid, namespace, boot] = parts.reverse()
  const here = machine()
  if (boot !== here[0] || namespace !== here[1] || !pid) return 'unknown'
  if (start === '0') return signalReaches(Number(pid)) ? 'alive' : 'gone'
  // A process id alone may have been given to another process since.
  return startOf(Number(pid)) === start ? 'alive' : 'gone'
}

function machine(): readonly [boot: string, namespace: string] {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return [boot, readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')]
  } catch {
    return [hostname().replaceAll('.', '-'), '0']
  }
}

function startOf(pid: number): string | null {
  try {
    // proc(5): the start time is field 22; the name in field 2 may hold blanks and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
