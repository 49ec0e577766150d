import type { CommandSyntax, OptionSyntax, Values } from './syntax.js'

/** One `complete` for each possible word. */
export function fishScript(syntax: readonly CommandSyntax[]): string {
  return [
    '# Completion for hotdesk, made from the commands of this version. Generate it again after an update.',
    'function __hotdesk_names',
    '    command hotdesk names $argv 2>/dev/null',
    'end',
    'complete -c hotdesk -f',
    ...syntax.flatMap(linesOf),
  ].join('\n')
}

function linesOf(command: CommandSyntax): string[] {
  const { path, commands, options, argument } = command
  const line = (text: string): string => `complete -c hotdesk${condition(command)} ${text}`
  return [
    ...commands.map(({ name, about }) => `complete -c hotdesk${condition(command, 'no subcommand')} -a ${name} -d ${quoted(about)}`),
    ...options.map((option) => (path === '' ? `complete -c hotdesk ${optionText(option)}` : line(optionText(option)))),
    ...valueTexts(argument).map(line),
  ]
}

/** The condition that the words of the command have been typed and, with `no subcommand`, none of its subcommands. */
function condition({ path, commands }: CommandSyntax, extra?: 'no subcommand'): string {
  if (path === '') return extra ? ' -n __fish_use_subcommand' : ''
  const typed = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`)
  const free = extra ? [`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`] : []
  return ` -n ${quoted([...typed, ...free].join('; and '))}`
}

function optionText({ flags, about, values }: OptionSyntax): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const value = values === null ? [] : [values.isFile ? '-r -F' : ['-x', ...valueTexts(values)].join(' ')]
  return [...names, `-d ${quoted(about)}`, ...value].join(' ')
}

function valueTexts({ words, names, isFile }: Values): string[] {
  return [
    ...(words.length > 0 ? [`-a ${quoted(words.join(' '))}`] : []),
    ...(names.length > 0 ? [`-a ${quoted(`(__hotdesk_names ${names.join(' ')})`)}`] : []),
    ...(isFile ? ['-F'] : []),
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
