import { commandEntries } from '../commands.js'

const commandWords: ReadonlySet<string> = new Set([...commandEntries.map(({ name }) => name), 'help', '<command>', '--config'])
// Not in a path, in another name, or behind npx already.
const commandPattern = /(?<![\w./-]|npx )hotdesk (?=([a-z]+\b|<command>|--config\b))/g

/** A hint such as `hotdesk status`, in the form that works here: `npx hotdesk status` if hotdesk is not on the PATH. */
export function asInvoked(hint: string, invocation: string): string {
  return hint.replace(commandPattern, (found, word: string) => (commandWords.has(word) ? `${invocation} ` : found))
}
