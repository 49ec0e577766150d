import type { Change } from './case-file.js'
import { longName, readMessage } from './message.js'

/** What `{…}` in a case may stand for besides the headers of the message as it was. */
export type Places = Readonly<Record<string, string>>

/**
 * The message with the change: `raw`, or else set, remove, top, add, body and replace in this order. Content-Length follows the body
 * unless the case writes one.
 */
export function changed(original: string, change: Change | undefined, places: Places): string {
  if (!change) return original
  const fill = (template: string): string => filled(template, original, places)
  if (change.raw !== undefined) return fill(change.raw.replace(/\r?\n/g, '\r\n'))
  const end = original.indexOf('\r\n\r\n')
  const [startLine = '', ...lines] = original.slice(0, end).split('\r\n')
  const { set = {}, remove = [], top = [], add = [], replace = {} } = change
  const without = lines.filter((line) => !remove.some((name) => isOf(line, name)))
  const withSet = Object.entries(set).reduce<readonly string[]>((list, [name, value]) => put(list, name, fill(value)), without)
  const body = change.body === undefined ? original.slice(end + 4) : fill(change.body.replace(/\r?\n/g, '\r\n'))
  const ownLength = [...Object.keys(set), ...remove, ...[...top, ...add].map(nameIn)].some((name) => longName(name) === 'content-length')
  const all = [...top.map(fill), ...(ownLength ? withSet : put(withSet, 'Content-Length', String(body.length))), ...add.map(fill)]
  const message = `${[startLine, ...all].join('\r\n')}\r\n\r\n${body}`
  return Object.entries(replace).reduce((text, [pattern, by]) => replaced(text, pattern, fill(by)), message)
}

function replaced(text: string, pattern: string, by: string): string {
  const found = new RegExp(pattern, 'gm')
  if (!found.test(text)) throw new Error(`replace: nothing fits ${pattern} in\n${text}`)
  return text.replace(new RegExp(pattern, 'gm'), by)
}

function nameIn(line: string): string {
  return line.split(':', 1)[0] ?? ''
}

function isOf(line: string, name: string): boolean {
  return longName(nameIn(line)) === longName(name)
}

function put(lines: readonly string[], name: string, value: string): readonly string[] {
  const at = lines.findIndex((line) => isOf(line, name))
  const line = `${name}: ${value}`
  if (at < 0) return [...lines, line]
  return lines.flatMap((each, index) => (index === at ? [line] : isOf(each, name) ? [] : [each]))
}

/** `{Call-ID}` and the like by the header of the message as it was, `{hex:E9}` by that byte. */
function filled(template: string, original: string, places: Places): string {
  const message = readMessage(original)
  return Buffer.from(template, 'utf8')
    .toString('latin1')
    .replace(/\{(hex:)?([A-Za-z0-9 -]+)\}/g, (whole, hex: string | undefined, name: string) => {
      if (hex !== undefined) return Buffer.from(name.replaceAll(' ', ''), 'hex').toString('latin1')
      if (name === 'request-uri') return message.startLine.split(' ')[1] ?? ''
      const value = places[name] ?? message.header(name)
      if (value === '') throw new Error(`${whole} stands for nothing here; known: ${Object.keys(places).join(', ')} and every header`)
      return value
    })
}
