import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { tied } from '../process/child.js'

/** Resolves when Redis takes a command that is wanted: `redis-cli MONITOR` shows it in that moment. */
export interface CommandWatch {
  readonly seen: Promise<string>
  close(): void
}

/** Watches from the moment it resolves on. */
export async function watchCommands(socket: string, isWanted: (command: string) => boolean): Promise<CommandWatch> {
  const monitor = spawn(...tied('redis-cli', ['-s', socket, 'MONITOR']), { stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: monitor.stdout })
  const seen = new Promise<string>((resolve) => {
    lines.on('line', (line) => isWanted(line) && resolve(line))
  })
  await new Promise<void>((resolve) => lines.once('line', () => resolve()))
  return { seen, close: () => void monitor.kill() }
}
