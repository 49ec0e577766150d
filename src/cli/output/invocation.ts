import { commandEntries } from '../commands.js'

const commands = commandEntries.map(({ name }) => name).join('|')
const named = new RegExp(`(?<![\\w./-]|npx )hotdesk (?=(?:(?:${commands}|help)\\b|<command>|--config\\b))`, 'g')

/** A hint such as `hotdesk status`, in the form that works here: `npx hotdesk status` if hotdesk is not on the PATH. */
export function asInvoked(hint: string, invocation: string): string {
  return hint.replace(named, () => `${invocation} `)
}
