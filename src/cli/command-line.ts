import { CommanderError } from 'commander'
import { AppError } from '../base/errors.js'
import { letSignalsEnd } from './early-stop.js'
import { errorJson, errorLines, exitCodeOf } from './output/error-lines.js'
import { asInvoked } from './output/invocation.js'
import { processTerminal, type Terminal } from './output/terminal.js'
import { createProgram, type ProgramNeeds } from './program.js'

/** 0 done, 1 refused, 2 usage or configuration error. */
export type ExitCode = 0 | 1 | 2

/** Commands that handle signals themselves. */
const handlingSignals: readonly string[] = ['start', 'sipd', 'events']

export interface CommandLineNeeds extends Pick<ProgramNeeds, 'provide'> {
  /** How a person starts this program; `hotdesk` by default. */
  readonly invocation?: string
  /** The one of this process by default. */
  readonly terminal?: Terminal
}

/** Runs one command line. @throws unexpected errors only */
export async function runCommandLine(
  args: readonly string[],
  { provide, invocation = 'hotdesk', terminal: given }: CommandLineNeeds,
): Promise<ExitCode> {
  let file: string | null = null
  const terminal = given ?? processTerminal({ hint: (text) => asInvoked(text, invocation, file) })
  let code: ExitCode = 0
  let wantsJson = false
  const program = createProgram({
    terminal,
    provide,
    exit: (chosen) => {
      code = chosen
    },
  })
  program.on('option:config', (chosen: string) => {
    file = chosen
  })
  program.hook('preAction', (_program, command) => {
    wantsJson = command.opts<{ json?: boolean }>().json === true
    if (!handlingSignals.includes(command.name())) letSignalsEnd()
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (fault) {
    if (fault instanceof CommanderError) return fault.exitCode === 0 ? 0 : 2
    if (!(fault instanceof AppError)) throw fault
    terminal.complain(wantsJson ? errorJson(fault, terminal) : errorLines(fault, terminal.paint))
    return exitCodeOf(fault)
  } finally {
    letSignalsEnd()
  }
}
