import type { Command, Option } from 'commander'
import { type NameKind, nameKinds } from './names.js'

/** How a value can be completed: from a closed list, with names of the network, or as a file. */
export interface Values {
  readonly words: readonly string[]
  readonly names: readonly NameKind[]
  readonly isFile: boolean
}

export interface OptionSyntax {
  /** `--home`, `-c` */
  readonly flags: readonly string[]
  readonly about: string
  /** null if the option takes no value. */
  readonly values: Values | null
}

/** The possible words after a command. */
export interface CommandSyntax {
  /** `user add`; `''` for the program itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly about: string }[]
  readonly options: readonly OptionSyntax[]
  readonly argument: Values
}

/** Every command and subcommand that help shows. */
export function syntaxOf(command: Command, path = ''): CommandSyntax[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const args = command.registeredArguments
  const own: CommandSyntax = {
    path,
    commands: commands.map((one) => ({ name: one.name(), about: one.description() })),
    options: help.visibleOptions(command).map(optionSyntax),
    argument: {
      words: args.flatMap(({ argChoices }) => argChoices ?? []),
      names: nameKinds.filter((kind) => args.some((argument) => namesOf(argument.name()).includes(kind))),
      isFile: args.some((argument) => argument.name() === 'file'),
    },
  }
  const children = commands.filter((one) => one.name() !== 'help')
  return [own, ...children.flatMap((one) => syntaxOf(one, `${path} ${one.name()}`.trim()))]
}

function optionSyntax(option: Option): OptionSyntax {
  const [, value = ''] = /^[^<[]*[<[]([^>\]]+)[>\]]/.exec(option.flags) ?? []
  return {
    flags: [option.long, option.short].flatMap((flag) => flag ?? []),
    about: option.description,
    values:
      option.required || option.optional
        ? { words: option.argChoices ?? [], names: namesOf(option.long === '--site' ? 'site' : value), isFile: value === 'file' }
        : null,
  }
}

/** `extension|device` → users and devices */
function namesOf(value: string): readonly NameKind[] {
  const words = value.split('|')
  return nameKinds.filter((kind) => words.some((word) => meanings[kind].includes(word)))
}

const meanings: Readonly<Record<NameKind, readonly string[]>> = {
  users: ['extension', 'number'],
  devices: ['device', 'old', 'new'],
  sites: ['site'],
}
