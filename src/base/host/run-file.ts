import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.js'
import { type ProcessIdentity, thisProcess } from '../process-identity.js'

/** What a running node leaves in its data folder, so that commands on this machine find it without Redis. */
export interface RunFile {
  readonly node: string
  readonly network: string
  readonly process: ProcessIdentity
  /** `http://127.0.0.1:8080` */
  readonly http: string
}

const fileOf = (data: string): string => join(data, 'node.json')

/** Without it a node runs as well. @returns what to do at the end of the node, or why the file could not be written */
export function writeRunFile(data: string, found: Omit<RunFile, 'process'>): { readonly remove: () => void } | { readonly fault: string } {
  const file = fileOf(data)
  try {
    writeFileSync(file, `${JSON.stringify({ ...found, process: thisProcess() })}\n`, { mode: 0o600 })
    return { remove: () => removeOwn(data) }
  } catch (fault) {
    return { fault: messageOf(fault) }
  }
}

/** Another process may have taken the folder over meanwhile. */
function removeOwn(data: string): void {
  if (readRunFile(data)?.process === thisProcess()) rmSync(fileOf(data), { force: true })
}

/** null where there is none, or it cannot be read. */
export function readRunFile(data: string): RunFile | null {
  try {
    const found = JSON.parse(readFileSync(fileOf(data), 'utf8')) as Partial<Record<keyof RunFile, unknown>>
    const { node, network, process, http } = found
    const isWhole = [node, network, process, http].every((each) => typeof each === 'string')
    return isWhole ? (found as RunFile) : null
  } catch {
    // No node has run with this folder, or it is another user's.
    return null
  }
}
