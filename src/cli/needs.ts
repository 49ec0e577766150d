import type { Config } from '../config/config.js'
import type { Terminal } from './terminal.js'

/** What every command is given. */
export interface CommandNeeds {
  readonly terminal: Terminal
  /** Reads the configuration that `--config` names. @throws AppError CONFIG_INVALID */
  config(purpose: 'run' | 'look'): Config
  /** Sees to programs that are not from npm, such as redis-server; what it cannot install it names, and rejects. */
  provide(...programs: readonly string[]): Promise<void>
  /** What the process answers to whoever started it: 0 done, 1 refused. */
  exit(code: 0 | 1): void
}

/** What a command that a program may read along takes: `.option(...asJson)`. */
export const asJson = ['--json', 'the answer as JSON'] as const
