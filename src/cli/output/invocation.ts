import { commandEntries } from '../commands.js'

const commandWords: ReadonlySet<string> = new Set([...commandEntries.map(({ name }) => name), 'help', '<command>', '--config'])
const possibleHint = /hotdesk ([a-z]+|<command>|--config)/g
const endOfName = /[\w./-]$/

/** A hint such as `hotdesk status`, in the form that works here: `npx hotdesk status` if hotdesk is not on the PATH. */
export function asInvoked(hint: string, invocation: string): string {
  return hint.replace(possibleHint, (found, word: string, at: number) => {
    const isHint = commandWords.has(word) && !endOfName.test(hint.slice(0, at)) && !hint.slice(0, at).endsWith('npx ')
    return isHint ? `${invocation} ${word}` : found
  })
}
