import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.js'
import { type ProcessIdentity, thisProcess } from './process-identity.js'

/** A file in the data folder of a running node, by which commands on this machine find it without Redis. */
export interface RunFile {
  readonly node: string
  readonly network: string
  readonly process: ProcessIdentity
  /** `http://127.0.0.1:8080` */
  readonly http: string
  /** Drains the node. Null: the node is of an earlier version, and the signal would end it at once. */
  readonly drainSignal: typeof drainSignal | null
}

export const drainSignal = 'SIGUSR2'

const fileOf = (data: string): string => join(data, 'node.json')

/** A node also runs without this file. @returns a function for the end of the node, or why the file could not be written */
export function writeRunFile(
  data: string,
  found: Omit<RunFile, 'process' | 'drainSignal'>,
): { readonly remove: () => void } | { readonly fault: string } {
  const file = fileOf(data)
  try {
    writeFileSync(file, `${JSON.stringify({ ...found, process: thisProcess(), drainSignal })}\n`, { mode: 0o600 })
    return { remove: () => removeOwn(data) }
  } catch (fault) {
    return { fault: messageOf(fault) }
  }
}

/** Another process may use the folder by now. */
function removeOwn(data: string): void {
  if (readRunFile(data)?.process === thisProcess()) rmSync(fileOf(data), { force: true })
}

/** Null if there is none or it cannot be read. */
export function readRunFile(data: string): RunFile | null {
  try {
    const found = JSON.parse(readFileSync(fileOf(data), 'utf8')) as Partial<Record<keyof RunFile, unknown>>
    const { node, network, process, http } = found
    const isWhole = [node, network, process, http].every((each) => typeof each === 'string')
    return isWhole ? { ...(found as RunFile), drainSignal: found.drainSignal === drainSignal ? drainSignal : null } : null
  } catch {
    // No node runs with this folder, or the file belongs to another user.
    return null
  }
}
