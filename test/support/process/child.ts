import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

const alive = new Set<ChildProcess>()

function endAll(): void {
  for (const child of alive) child.kill('SIGKILL')
}

process.once('exit', endAll)
// The way vitest ends its workers.
process.once('SIGTERM', () => {
  endAll()
  process.kill(process.pid, 'SIGTERM')
})

/** The kernel ends the program with the process that starts it: a worker that is killed, or left by a failed set-up, runs no handler. */
export function tied(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]] {
  return process.platform === 'linux' ? ['setpriv', ['--pdeathsig', 'KILL', '--', program, ...args]] : [program, args]
}

/** A program that does not outlive the tests, however they end. */
export function startChild(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(...tied(program, args), options)
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

/** Resolves with its exit code, or the name of the signal that ended it. @throws where the program cannot be started */
export function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
}
