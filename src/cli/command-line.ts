import { CommanderError } from 'commander'
import { AppError, type ErrorCode } from '../base/errors.js'
import { letSignalsEnd } from './early-stop.js'
import { createProgram, type ProgramNeeds } from './program.js'
import { processTerminal, type Terminal } from './terminal.js'

/** 0 done, 1 refused, 2 wrong usage or configuration. */
export type ExitCode = 0 | 1 | 2

/** Mistakes in what the person wrote or has not installed; repeating the command changes nothing. */
const usageCodes: readonly ErrorCode[] = ['CONFIG_INVALID', 'DIALPLAN_INVALID', 'IMPORT_INVALID', 'REDIS_SERVER_MISSING', 'SECRET_DIFFERS']

/** The commands that end in an orderly way when they are asked to. */
const orderly: readonly string[] = ['start', 'sipd', 'events']

export interface CommandLineNeeds extends Pick<ProgramNeeds, 'provide'> {
  /** The one of this process by default. */
  readonly terminal?: Terminal
}

/** Runs one command line. Throws only what nobody expected. */
export async function runCommandLine(
  args: readonly string[],
  { provide, terminal = processTerminal() }: CommandLineNeeds,
): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = createProgram({
    terminal,
    provide,
    exit: (chosen) => {
      code = chosen
    },
  })
  program.hook('preAction', (_program, command) => {
    if (!orderly.includes(command.name())) letSignalsEnd()
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (fault) {
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? 0 : 2
    if (!(fault instanceof AppError)) throw fault
    terminal.complain(`${terminal.paint.bad('hotdesk:')} ${fault.message}`)
    return usageCodes.includes(fault.code) ? 2 : 1
  } finally {
    letSignalsEnd()
  }
}
