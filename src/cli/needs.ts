import type { Command } from 'commander'
import type { Config } from '../config/config.js'
import type { Terminal } from './output/terminal.js'

/** Passed to every command. */
export interface CommandNeeds {
  readonly terminal: Terminal
  /** Reads the configuration that `--config` names. @throws AppError CONFIG_INVALID */
  config(purpose: 'run' | 'look'): Config
  /** Installs missing programs that do not come from npm, such as redis-server. Rejects with the names of programs that it cannot install. */
  provide(...programs: readonly string[]): Promise<void>
  /** Sets the exit code: 0 done, 1 refused, 2 usage or configuration error. */
  exit(code: 0 | 1 | 2): void
  /** The command line with the arguments and options of every command. */
  wholeProgram(): Promise<Command>
}

/** Usage: `.option(...asJson)`. */
export const asJson = ['--json', 'print JSON'] as const
