import type { CommandSyntax, OptionSyntax, Values } from './syntax.js'

const quoted = (text: string): string => `'${text}'`

/** Functions that list the possible words, and the function that bash calls at the Tab key. */
export function bashScript(syntax: readonly CommandSyntax[]): string {
  const rows = (wordsOf: (command: CommandSyntax) => readonly string[]): string[] =>
    syntax.flatMap((command) =>
      wordsOf(command).length > 0 ? [`    ${quoted(command.path)}) echo ${quoted(wordsOf(command).join(' '))} ;;`] : [],
    )
  return [
    '# Completion for hotdesk, made from the commands of this version. Generate it again after an update.',
    '_hotdesk_commands() {',
    '  case "$1" in',
    ...rows(({ commands }) => commands.map(({ name }) => name)),
    '  esac',
    '}',
    '_hotdesk_words() {',
    '  case "$1" in',
    ...rows(({ commands, argument, options }) => [
      ...commands.map(({ name }) => name),
      ...argument.words,
      ...options.flatMap(({ flags }) => flags.slice(0, 1)),
    ]),
    '  esac',
    '}',
    '# Kinds of names that the argument of a command takes.',
    '_hotdesk_names() {',
    '  case "$1" in',
    ...rows(({ argument }) => argument.names),
    '  esac',
    '}',
    '# The names of these kinds in the running network. zsh does not split $1 into words; xargs does.',
    `_hotdesk_network() { echo "$1" | xargs hotdesk names 2>/dev/null; }`,
    '# The value of the option $2 of the command $1: words, names, a file, or something that cannot be completed.',
    '_hotdesk_values() {',
    '  case "$1 $2" in',
    ...syntax.flatMap(({ path, options }) => options.flatMap((option) => valueRow(path, option))),
    '  esac',
    '}',
    main(syntax.filter(({ argument }) => argument.isFile)),
  ].join('\n')
}

function valueRow(path: string, { flags, values }: OptionSyntax): string[] {
  return values === null ? [] : [`    ${flags.map((flag) => quoted(`${path} ${flag}`)).join(' | ')}) echo ${quoted(valueText(values))} ;;`]
}

function valueText({ words, names, isFile }: Values): string {
  if (names.length > 0) return `:names ${names.join(' ')}`
  return words.join(' ') || (isFile ? ':file' : ':other')
}

// Not named `path`, which is the search path in zsh.
const main = (withFile: readonly CommandSyntax[]): string => `_hotdesk() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place="" word values names
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case " $(_hotdesk_commands "$place") " in *" $word "*) place="\${place:+$place }$word" ;; esac
  done
  values="$(_hotdesk_values "$place" "$previous")"
  [ -n "$values" ] || values="$(_hotdesk_values "" "$previous")"
  case "$values" in
    :file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    :other) COMPREPLY=(); return ;;
    :names*) COMPREPLY=($(compgen -W "$(_hotdesk_network "\${values#:names }")" -- "$current")); return ;;
    ?*) COMPREPLY=($(compgen -W "$values" -- "$current")); return ;;
  esac
  COMPREPLY=($(compgen -W "$(_hotdesk_words "$place")" -- "$current"))
  names="$(_hotdesk_names "$place")"
  case "$current" in
    -*) ;;
    *) [ -z "$names" ] || COMPREPLY+=($(compgen -W "$(_hotdesk_network "$names")" -- "$current")) ;;
  esac
  case "$place" in
    ${withFile.map(({ path }) => quoted(path)).join(' | ')}) COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _hotdesk hotdesk`

/** zsh understands the functions of bash. */
export function zshScript(syntax: readonly CommandSyntax[]): string {
  return [
    '#compdef hotdesk',
    'autoload -U +X compinit && compinit',
    'autoload -U +X bashcompinit && bashcompinit',
    bashScript(syntax),
  ].join('\n')
}
