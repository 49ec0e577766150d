import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { loadConfig } from '../config/config.js'
import { checkCommand } from './check.js'
import { completionCommand } from './completion.js'
import { demoCommand } from './demo/command.js'
import { doctorCommand } from './doctor/doctor.js'
import { exportCommand } from './exchange/export.js'
import { importCommand } from './exchange/import.js'
import { callsCommand } from './history/call-log.js'
import { eventsCommand } from './history/events.js'
import { historyCommand } from './history/history.js'
import type { CommandNeeds } from './needs.js'
import { assignmentCommands } from './operator/assignments.js'
import { locksCommand } from './operator/locks.js'
import { statusCommand } from './operator/status.js'
import { whyCommand } from './operator/why.js'
import { networkVerdict } from './plan-check.js'
import { deviceCommands } from './records/devices.js'
import { siteCommands } from './records/sites.js'
import { userCommands } from './records/users.js'
import { redisCommands } from './redis/redis.js'
import { sipdCommand } from './sipd.js'
import { startCommand } from './start.js'
import type { Terminal } from './terminal.js'
import { withoutValues } from './usage-errors.js'

export interface ProgramNeeds extends Pick<CommandNeeds, 'provide' | 'exit'> {
  readonly terminal: Terminal
}

/** The command line: one file per noun adds its commands here. */
export function createProgram({ terminal, provide, exit }: ProgramNeeds): Command {
  const program = new Command('hotdesk')
  program
    .description('Hot-desking for shared SIP desk phones, across a network of offices.')
    .version(version(), '-V, --version')
    .option('-c, --config <file>', 'the configuration file (default: hotdesk.yaml in this folder, else the sample)')
    .addHelpText('after', '\nExit codes: 0 done, 1 refused (the reason in words), 2 wrong usage or configuration.')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
      outputError: (text, write) => write(withoutValues(text)),
    })
    .exitOverride()
  const needs: CommandNeeds = {
    terminal,
    provide,
    exit,
    config: (purpose) => loadConfig({ file: program.opts<{ config?: string }>().config ?? null, purpose }),
  }
  startCommand(program, needs)
  demoCommand(program, needs)
  checkCommand(program, needs, networkVerdict)
  doctorCommand(program, needs)
  statusCommand(program, needs)
  whyCommand(program, needs)
  assignmentCommands(program, needs)
  locksCommand(program, needs)
  userCommands(program, needs)
  deviceCommands(program, needs)
  siteCommands(program, needs)
  eventsCommand(program, needs)
  historyCommand(program, needs)
  callsCommand(program, needs)
  importCommand(program, needs)
  exportCommand(program, needs)
  redisCommands(program, needs)
  sipdCommand(program, needs)
  completionCommand(program, needs)
  nameHelp(program, 'hotdesk')
  return program
}

/** Whoever mistypes a command is told where its own help is. */
function nameHelp(command: Command, path: string): void {
  command.showHelpAfterError(`\`${path} --help\` shows what there is.`)
  for (const one of command.commands) nameHelp(one, `${path} ${one.name()}`)
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
