import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { messageOf } from '../../base/errors.js'
import { type FileContent, type Format, printable, settingsCollector } from './format.js'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** For the text of elements and for attributes in either kind of quotes. */
export const xml: Format = {
  name: 'xml',
  escape: (value) => printable(value).replace(/[&<>"']/g, (character) => entities[character] ?? ''),
  read,
}

const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/gi, character)
}

function character(entity: string, hexadecimal?: string, decimal?: string, name?: string): string {
  if (name !== undefined) return characters[name] ?? entity
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : entity
}

/** XML has five names for characters, and no others without a document type. */
const oddEntity = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)/

/** As fast-xml-parser gives it with `preserveOrder`: one member is the name of the element or `#text`, `:@` has the attributes. */
type Node = Readonly<Record<string, unknown>>

/** Attributes that tell one element from its sisters, in the order in which names have them. */
const keys = ['name', 'idx', 'index', 'id', 'context', 'e']

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  processEntities: false,
})

/**
 * Names are paths: `settings/phone-settings/user_name[idx=1]` is the text of an element, `…@perm` one of its attributes. A document type is
 * refused: it can define entities, and no phone needs one.
 */
function read(text: string): FileContent {
  const { settings, add } = settingsCollector()
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return { settings, problems: ['has a document type'] }
  const odd = oddEntity.exec(text)
  if (odd) return { settings, problems: [`line ${text.slice(0, odd.index).split('\n').length}: \`&\` begins no entity of XML`] }
  const valid = XMLValidator.validate(text)
  if (valid !== true) return { settings, problems: [`line ${valid.err.line}: ${valid.err.msg}`] }
  try {
    const nodes = parser.parse(text) as readonly Node[]
    const roots = nodes.filter((node) => !Object.keys(node).some((member) => member.startsWith('?') || member === '#text'))
    collect(nodes, '')
    return { settings, problems: roots.length === 1 ? [] : [`has ${roots.length} outermost elements instead of one`] }
  } catch (fault) {
    return { settings, problems: [messageOf(fault)] }
  }

  function collect(nodes: readonly Node[], path: string): void {
    for (const node of nodes) {
      const [name] = Object.keys(node).filter((member) => member !== ':@')
      if (name === undefined || name.startsWith('?')) continue
      const content = node[name]
      if (name === '#text') add(path, unescaped(String(content)))
      else collectElement(name, node, path)
    }
  }

  function collectElement(name: string, node: Node, above: string): void {
    const attributes = Object.entries((node[':@'] ?? {}) as Readonly<Record<string, string>>)
    const telling = keys.flatMap((key) => attributes.filter(([name]) => name === key).map(([, value]) => `[${key}=${value}]`))
    const path = `${above === '' ? '' : `${above}/`}${name}${telling.join('')}`
    for (const [key, value] of attributes) if (!keys.includes(key)) add(`${path}@${key}`, unescaped(value))
    const children = node[name] as readonly Node[]
    if (children.length === 0) add(path, '')
    collect(children, path)
  }
}
