import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which machine, process namespace, process and start of it: `5f2c0a1e.4026531836.812.90417`; on other systems than Linux `<host>.0.<pid>.0`. */
export type ProcessIdentity = string

export function thisProcess(): ProcessIdentity {
  return identityOf(process.pid)
}

/** Of a process that runs in the same namespace as this one. */
export function identityOf(pid: number): ProcessIdentity {
  const seen = look(pid)
  return [...machine(), pid, typeof seen === 'object' ? seen.start : 0].join('.')
}

/** `unknown` for a process that cannot be judged from here: of another machine or container, or hidden from this user. */
export function lifeOf(identity: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  const [boot, namespace, pid, start] = identity.split('.')
  const here = machine()
  if (boot !== here[0] || namespace !== here[1] || !pid || !/^[0-9]+$/.test(pid)) return 'unknown'
  const seen = look(Number(pid))
  if (typeof seen !== 'object') return seen
  // A process id alone may have been given to another program since.
  return seen.start === start ? 'alive' : 'gone'
}

/** True for a process that ran before this machine was started last, if it ran on this machine. */
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

/** When the process started. `unknown`: there is one with that id, and no more is shown of it. */
function look(pid: number): { readonly start: string } | 'gone' | 'unknown' {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return exists(pid) ? 'unknown' : 'gone'
  }
  // proc(5): the state is field 3 and the start time field 22; the name in field 2 may hold blanks and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = ''] = fields
  // A zombie has ended, and waits for its parent to notice.
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
