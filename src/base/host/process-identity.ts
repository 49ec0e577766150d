import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Boot of the machine, PID namespace, process id, start time: `5f2c0a1e.4026531836.812.90417`; elsewhere than on Linux `<host>.0.<pid>.0`.
 */
export type ProcessIdentity = string

export function thisProcess(): ProcessIdentity {
  return identityOf(process.pid)
}

/** The identity of a process in the namespace of this one. */
export function identityOf(pid: number): ProcessIdentity {
  const seen = look(pid)
  return [...machine(), pid, typeof seen === 'object' ? seen.start : 0].join('.')
}

/** `unknown`: the process belongs to another machine or container, or is hidden from this user. */
export function lifeOf(identity: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  const [boot, namespace, pid, start] = identity.split('.')
  const here = machine()
  if (boot !== here[0] || namespace !== here[1] || !pid || !/^[0-9]+$/.test(pid)) return 'unknown'
  const seen = look(Number(pid))
  if (typeof seen !== 'object') return seen
  // The process id may belong to another program by now.
  return seen.start === start ? 'alive' : 'gone'
}

/** True if the process ran before the last boot of this machine, provided that it ran here. */
export function isOfEarlierStart(identity: ProcessIdentity): boolean {
  const [boot = '', namespace = '0'] = identity.split('.')
  const here = machine()
  return namespace !== '0' && here[1] !== '0' && /^[0-9a-f]{8}$/.test(boot) && boot !== here[0]
}

function machine(): readonly [boot: string, namespace: string] {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return [boot, readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')]
  } catch {
    return [hostname().replaceAll('.', '-'), '0']
  }
}

/** The start time of a process. `unknown`: it exists, but this user may not see more. */
function look(pid: number): { readonly start: string } | 'gone' | 'unknown' {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return exists(pid) ? 'unknown' : 'gone'
  }
  // proc(5): the state is field 3, the start time field 22; the name in field 2 may contain blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = ''] = fields
  // A zombie has ended; its parent has not collected it yet.
  return 'ZXx'.includes(state) ? 'gone' : { start: fields[19] ?? '0' }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (fault) {
    // It runs as another user.
    return (fault as NodeJS.ErrnoException).code === 'EPERM'
  }
}
