import { mkdtempSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { removeFolder } from './remove-folder.js'

/**
 * Global set-up of a test run: every temporary file of the run lives in one folder, which is removed when the run ends, however
 * its tests ended. The run fails if a program that works in this folder is still alive by then.
 */
export function setup(): () => Promise<void> {
  const { TMPDIR: before } = process.env
  const folder = mkdtempSync(join(tmpdir(), 'hotdesk-run-'))
  process.env.TMPDIR = folder
  return async () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    const left = await stillIn(folder)
    for (const { pid } of left) process.kill(pid, 'SIGKILL')
    await removeFolder(folder)
    if (left.length === 0) return
    process.exitCode = 1 // vitest reports the error and ends with 0
    throw new Error(`the tests left programs behind: ${left.map(({ command }) => command).join('; ')}`)
  }
}

interface Program {
  readonly pid: number
  readonly command: string
}

/** Programs that are still there after a second: one that has just been killed needs a moment. */
async function stillIn(folder: string): Promise<readonly Program[]> {
  const deadline = Date.now() + 1_000
  for (;;) {
    const left = programsIn(folder)
    if (left.length === 0 || Date.now() > deadline) return left
    await setTimeout(50)
  }
}

/** Programs whose working directory, arguments or environment mention the folder; Linux only. */
function programsIn(folder: string): readonly Program[] {
  if (process.platform !== 'linux') return []
  const pids = readdirSync('/proc').map(Number)
  return pids.flatMap((pid) => {
    if (!(pid > 0) || pid === process.pid || isWorker(pid)) return []
    const command = textOf(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      .replaceAll('\0', ' ')
      .trim()
    const traces = [command, textOf(() => readlinkSync(`/proc/${pid}/cwd`)), textOf(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))]
    return traces.some((trace) => trace.includes(folder)) ? [{ pid, command }] : []
  })
}

/** A worker of vitest inherits the environment, and ends after this. */
function isWorker(pid: number): boolean {
  return textOf(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).includes('vitest/dist/workers')
}

/** Empty if the process has ended meanwhile or belongs to another user. */
function textOf(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
