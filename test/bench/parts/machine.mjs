// What processes and the machine spend.
import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** CPU milliseconds of a process so far. */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

/** CPU milliseconds of each thread of a process so far, by its id. */
export function threadsOf(pid) {
  return new Map(readdirSync(`/proc/${pid}/task`).map((thread) => [thread, cpuOf(`${pid}/task/${thread}`)]))
}

/** What the busiest thread has spent since `before`. */
export function busiestOf(pid, before) {
  return Math.max(...[...threadsOf(pid)].map(([thread, ms]) => ms - (before.get(thread) ?? 0)))
}

export function memoryOf(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024)
}

/** Sockets among them. */
export function openFilesOf(pid) {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Milliseconds that the host took from this machine, and that nobody used. */
export function machine() {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1).map(Number)
  const ms = (ticks) => (ticks * 1_000) / ticksPerSecond
  return { idle: ms(fields[3]), steal: ms(fields[7]) }
}

export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)))
  return rows.map((row) => row.map((cell, column) => String(cell).padStart(widths[column])).join('  ')).join('\n')
}
