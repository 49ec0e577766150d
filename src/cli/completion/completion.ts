import { Argument, type Command } from 'commander'
import type { CommandNeeds } from '../needs.js'
import { bashScript, zshScript } from './bash.js'
import { fishScript } from './fish.js'
import { syntaxOf } from './syntax.js'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
type Shell = keyof typeof scripts

/** `hotdesk completion` */
export function completionCommand(command: Command, needs: CommandNeeds): void {
  command
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      [
        '\nIt completes commands, options, and the extensions, phones and sites of the network.',
        '\nExamples:',
        '  hotdesk completion bash > /etc/bash_completion.d/hotdesk',
        '  source <(hotdesk completion bash)',
        '  source <(hotdesk completion zsh)',
        '  hotdesk completion fish > ~/.config/fish/completions/hotdesk.fish',
      ].join('\n'),
    )
    .action(async (shell: Shell) => needs.terminal.print(scripts[shell](syntaxOf(await needs.wholeProgram()))))
}
