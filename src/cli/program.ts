import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { commandEntries, commandGroups, hiddenCommands } from './commands.js'
import type { CommandNeeds } from './needs.js'
import { fitted } from './output/help-width.js'
import type { Terminal } from './output/terminal.js'
import { withoutValues } from './output/usage-errors.js'

export interface ProgramNeeds extends Pick<CommandNeeds, 'provide' | 'exit'> {
  readonly terminal: Terminal
}

const helpFooter = `
hotdesk help <command> prints the options and examples of a command.

Examples:
  hotdesk start
  hotdesk doctor
  hotdesk status --site paris
  hotdesk login 100 HD0001
  hotdesk user add 100 --name Alice

Exit codes: 0 done, 1 refused (with the reason), 2 usage or configuration error.`

/** The command line. The arguments and options of a command are loaded when it is used. */
export function createProgram(needs: ProgramNeeds): Command {
  const { terminal } = needs
  const program = new Command('hotdesk')
    .description('Hot-desking for shared SIP desk phones, across a network of offices.')
    .version(version(), '-V, --version')
    .option('-c, --config <file>', 'the configuration file (default: hotdesk.yaml in this folder, else the sample)')
    .addHelpText('after', helpFooter)
    .configureOutput({
      writeOut: (text) => terminal.print(fitted(terminal.hint(text.trimEnd()))),
      getOutHelpWidth: () => 80,
      getErrHelpWidth: () => 80,
      writeErr: (text) => terminal.complain(text.trimEnd()),
      outputError: (text, write) => write(withoutValues(text)),
    })
    .exitOverride()
    .helpCommand(false)
  for (const [group, entries] of Object.entries(commandGroups)) {
    program.commandsGroup(`${group}:`)
    for (const { name, about } of entries) program.command(name).description(about)
  }
  for (const { name, about } of hiddenCommands) program.command(name, { hidden: true }).description(about)
  helpCommand(program)
  program.hook('preSubcommand', (_program, command) => define(command, program, needs))
  pointErrorsToHelp(program, 'hotdesk')
  return program
}

/** The command line with the arguments and options of every command. */
export async function createWholeProgram(needs: ProgramNeeds): Promise<Command> {
  const program = createProgram(needs)
  await defineAll(program, needs)
  return program
}

async function defineAll(program: Command, needs: ProgramNeeds): Promise<void> {
  for (const command of program.commands) await define(command, program, needs)
}

async function define(command: Command, program: Command, needs: ProgramNeeds): Promise<void> {
  const entry = commandEntries.find(({ name }) => name === command.name())
  if (!entry) return
  // Load config before any library, because it removes DEBUG from the environment.
  const { loadConfig } = await import('../config/config.js')
  const addDefinition = await entry.load()
  addDefinition(command, {
    ...needs,
    config: (purpose) => loadConfig({ file: program.opts<{ config?: string }>().config ?? null, purpose }),
    wholeProgram: () => createWholeProgram(needs),
  })
  pointErrorsToHelp(command, `hotdesk ${entry.name}`)
}

/** `hotdesk help user add` is `hotdesk user add --help`. */
function helpCommand(program: Command): void {
  program
    .command('help', { hidden: true })
    .description('print the help of a command')
    .argument('[command...]')
    .action(async ([first, ...rest]: readonly string[]) => {
      const isKnown = first === undefined || commandEntries.some(({ name }) => name === first)
      const words = first === undefined ? [] : [first, ...rest]
      await program.parseAsync(isKnown ? [...words, '--help'] : words, { from: 'user' })
    })
}

/** Makes each usage error name the help of its command. */
function pointErrorsToHelp(command: Command, path: string): void {
  command.showHelpAfterError(`Run \`${path} --help\` for its usage.`)
  for (const one of command.commands) pointErrorsToHelp(one, `${path} ${one.name()}`)
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
