import { Argument, type Command, type Option } from 'commander'
import type { CommandNeeds } from './needs.js'

const shells = ['bash', 'zsh'] as const

/** `hotdesk completion` */
export function completionCommand(program: Command, needs: CommandNeeds): void {
  program
    .command('completion')
    .description('print a script that completes commands and options at the Tab key')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      '\nExamples:\n  hotdesk completion bash > /etc/bash_completion.d/hotdesk\n  source <(hotdesk completion bash)\n  source <(hotdesk completion zsh)',
    )
    .action((shell: (typeof shells)[number]) => needs.terminal.print(shell === 'bash' ? bashScript(program) : zshScript(program)))
}

/** A command and what may follow it. */
interface Place {
  /** `user add`; `''` for the program itself. */
  readonly path: string
  readonly commands: readonly string[]
  readonly options: readonly Option[]
  /** Words for its argument, where there is a closed list. */
  readonly choices: readonly string[]
  readonly takesFile: boolean
}

function placesIn(command: Command, path = ''): Place[] {
  const visible = command.createHelp()
  const commands = visible.visibleCommands(command)
  return [
    {
      path,
      commands: commands.map((one) => one.name()),
      options: visible.visibleOptions(command),
      choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      takesFile: command.registeredArguments.some((argument) => argument.name() === 'file'),
    },
    ...commands.flatMap((one) => (one.name() === 'help' ? [] : placesIn(one, `${path} ${one.name()}`.trim()))),
  ]
}

const quoted = (text: string): string => `'${text}'`

function bashScript(program: Command): string {
  const places = placesIn(program)
  const rows = (wordsOf: (place: Place) => readonly string[]): string[] =>
    places.flatMap((place) => (wordsOf(place).length > 0 ? [`    ${quoted(place.path)}) echo ${quoted(wordsOf(place).join(' '))} ;;`] : []))
  return [
    '# Completion of hotdesk. It was made from the commands of this version: make it anew after an update.',
    '_hotdesk_commands() {',
    '  case "$1" in',
    ...rows(({ commands }) => commands),
    '  esac',
    '}',
    '_hotdesk_words() {',
    '  case "$1" in',
    ...rows(({ commands, options, choices }) => [...commands, ...choices, ...options.map(({ long, short }) => long ?? short ?? '')]),
    '  esac',
    '}',
    '# What the option $2 of the command $1 takes: words, or a file; nothing is known of other values.',
    '_hotdesk_values() {',
    '  case "$1 $2" in',
    ...places.flatMap(valueRows),
    '  esac',
    '}',
    main(places.filter(({ takesFile }) => takesFile)),
  ].join('\n')
}

function valueRows({ path, options }: Place): string[] {
  return options.flatMap((option) => {
    if (!option.required && !option.optional) return []
    const names = [option.long, option.short].flatMap((name) => (name ? [quoted(`${path} ${name}`)] : []))
    const words = option.argChoices?.join(' ') ?? (option.flags.includes('<file>') ? ':file' : ':other')
    return [`    ${names.join(' | ')}) echo ${quoted(words)} ;;`]
  })
}

// `path` would be the search path in zsh.
const main = (withFile: readonly Place[]): string => `_hotdesk() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" word values
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case " $(_hotdesk_commands "$place") " in *" $word "*) place="\${place:+$place }$word" ;; esac
  done
  values="$(_hotdesk_values "$place" "$previous")"
  [ -n "$values" ] || values="$(_hotdesk_values "" "$previous")"
  case "$values" in
    :file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    :other) COMPREPLY=(); return ;;
    ?*) COMPREPLY=($(compgen -W "$values" -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$(_hotdesk_words "$place")" -- "$current"))
  case "$place" in
    ${withFile.map(({ path }) => quoted(path)).join(' | ')}) COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _hotdesk hotdesk`

/** zsh understands the functions of bash. */
function zshScript(program: Command): string {
  return [
    '#compdef hotdesk',
    'autoload -U +X compinit && compinit',
    'autoload -U +X bashcompinit && bashcompinit',
    bashScript(program),
  ].join('\n')
}
