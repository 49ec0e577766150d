import { xml } from '../../formats/xml.js'
import { type Asked, countIn, type Page, type PageFormat, shortened } from '../page.js'
import { element, xmlHead, xmlType } from './element.js'

/**
 * The XML directory of Gigaset. The phone asks for `count` entries from `first`, which counts from 1, for the beginning of a name in `ln` or
 * `fn`, or for a number in `hm`; `*` stands for anything, and `limit` is the size in bytes that it reads.
 */
export const gigasetPages: PageFormat = {
  contentType: xmlType,
  paging: { kind: 'steps', lines: 20 },
  followsLinks: false,
  read(query): Asked {
    const text = ['fn', 'ln', 'hm', 'q'].flatMap((name) => query.get(name) ?? []).join(' ')
    const from = Math.max(countIn(query, 'first'), 1) - 1
    const count = countIn(query, 'count')
    return { text: text.replaceAll('*', ' '), from, to: count === 0 ? null : from + Math.min(count, mostEntries) }
  },
  print({ lines, from, total }: Page, query) {
    const type = query.get('type') ?? ''
    const kind = /^(pb|pr|yp)$/.test(type) ? type : 'pr'
    if (lines.length === 0) return `${xmlHead}<list response="get_list" type="${kind}" notfound="ln" total="${total}"/>\n`
    const entries = lines.map(({ name, number }) => entryOf(name, number ?? ''))
    const shown = entries.slice(0, fitting(entries, countIn(query, 'limit')))
    const span = `total="${total}" first="${from + 1}" last="${from + shown.length}"`
    return `${xmlHead}<list response="get_list" type="${kind}" ${span}>\n${shown.join('\n')}\n</list>\n`
  },
}

const mostEntries = 50
/** The elements around the entries. */
const frameBytes = 160

function entryOf(name: string, number: string): string {
  const [first = '', ...others] = shortened(name).split(' ')
  const [given, family] = others.length === 0 ? ['', first] : [first, others.join(' ')]
  return `<entry id="${xml.escape(number)}">${element('ln', family)}${element('fn', given)}${element('hm', number)}</entry>`
}

/** How many entries the phone can read: at least one. */
function fitting(entries: readonly string[], limit: number): number {
  if (limit === 0) return entries.length
  let bytes = frameBytes
  const beyond = entries.findIndex((entry) => {
    bytes += Buffer.byteLength(entry) + 1
    return bytes > limit
  })
  return beyond < 0 ? entries.length : Math.max(beyond, 1)
}
