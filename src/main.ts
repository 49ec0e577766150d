// First: it silences libraries before they are loaded.
import './config.js'
import { pathToFileURL } from 'node:url'
import { CommanderError } from 'commander'
import { AppError, type ErrorCode } from './base/errors.js'
import { createProgram, type ProgramNeeds } from './cli/program.js'
import { processTerminal, type Terminal } from './cli/terminal.js'

/** 0 done, 1 refused, 2 wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

/** Mistakes in what the person wrote or has not installed; repeating the command changes nothing. */
const usageCodes: readonly ErrorCode[] = ['CONFIG_INVALID', 'DIALPLAN_INVALID', 'IMPORT_INVALID', 'REDIS_SERVER_MISSING']

export interface MainNeeds extends Pick<ProgramNeeds, 'provide'> {
  /** The one of this process by default. */
  readonly terminal?: Terminal
}

/** Runs one command line. Throws only what nobody expected. */
export async function main(args: readonly string[], { provide, terminal = processTerminal() }: MainNeeds): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = createProgram({
    terminal,
    provide,
    exit: (chosen) => {
      code = chosen
    },
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (fault) {
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? 0 : 2
    if (!(fault instanceof AppError)) throw fault
    terminal.complain(`${terminal.paint.bad('hotdesk:')} ${fault.message}`)
    return usageCodes.includes(fault.code) ? 2 : 1
  }
}

/** In an image that has everything, this file is started itself; `setup.mjs` imports it instead. */
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2), { provide: () => Promise.resolve() })
}
