import { messageOf } from '../../base/errors.js'
import { type FileContent, type Format, printable, settingsCollector } from './format.js'

/** A template writes the quotes: `"name": "{{ display.name }}"`. */
export const json: Format = {
  name: 'json',
  escape: (value) => JSON.stringify(printable(value)).slice(1, -1),
  read,
}

/** Names are paths: `keys.0.label`. */
function read(text: string): FileContent {
  const { settings, add } = settingsCollector()
  const collect = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) add(path, String(value))
    else for (const [key, member] of Object.entries(value)) collect(path === '' ? key : `${path}.${key}`, member)
  }
  try {
    collect('', JSON.parse(text))
    return { settings, problems: [] }
  } catch (fault) {
    return { settings, problems: [`not JSON: ${messageOf(fault)}`] }
  }
}
