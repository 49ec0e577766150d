import { commandEntries } from '../commands.js'

const commandWords: ReadonlySet<string> = new Set([...commandEntries.map(({ name }) => name), 'help', '<command>', '--config'])
const possibleHint = /hotdesk ([a-z]+(?:-[a-z]+)*|<command>|--config)/g
const endOfName = /[\w./-]$/

/** These read no configuration, or are given one. */
const withoutFile: ReadonlySet<string> = new Set(['help', '<command>', '--config', 'demo', 'sipd', 'schema', 'completion'])

/**
 * A hint such as `hotdesk status`, in the form that works here: `npx hotdesk status` if hotdesk is not on the PATH, and with the configuration
 * file of this command if it was given one.
 */
export function asInvoked(hint: string, invocation: string, file: string | null = null): string {
  const withFile = file === null ? invocation : `${invocation} -c ${quoted(file)}`
  return hint.replace(possibleHint, (found, word: string, at: number) => {
    const isHint = commandWords.has(word) && !endOfName.test(hint.slice(0, at)) && !hint.slice(0, at).endsWith('npx ')
    return isHint ? `${withoutFile.has(word) ? invocation : withFile} ${word}` : found
  })
}

/** As one word of a shell. */
function quoted(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`
}
