import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process that has opened a port. */
export interface PortHolder {
  readonly pid: number
  /** `node`, `asterisk` */
  readonly program: string
}

/** The processes that use a port, found in /proc; empty if this user may not see them or there is no /proc. */
export function holdersOf(protocol: 'udp' | 'tcp', port: number): readonly PortHolder[] {
  const sockets = new Set(['', '6'].flatMap((version) => socketsOn(`/proc/net/${protocol}${version}`, port)))
  if (sockets.size === 0) return []
  return entriesOf('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => entriesOf(`/proc/${pid}/fd`).some((fd) => sockets.has(targetOf(`/proc/${pid}/fd/${fd}`))))
    .map((pid) => ({ pid: Number(pid), program: textOf(`/proc/${pid}/comm`).trim() || '?' }))
}

/** proc(5): the local address is the second field, `0100007F:13C4`, and the inode the tenth. */
function socketsOn(table: string, port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = textOf(table).split('\n').slice(1)
  return rows.map((row) => row.trim().split(/\s+/)).flatMap((fields) => (fields[1]?.endsWith(`:${hex}`) ? [`socket:[${fields[9]}]`] : []))
}

function entriesOf(folder: string): readonly string[] {
  return orNothing(() => readdirSync(folder), [])
}

function targetOf(link: string): string {
  return orNothing(() => readlinkSync(link), '')
}

function textOf(file: string): string {
  return orNothing(() => readFileSync(file, 'utf8'), '')
}

/** Processes may end meanwhile or be hidden from this user. */
function orNothing<Value>(read: () => Value, nothing: Value): Value {
  try {
    return read()
  } catch {
    return nothing
  }
}
