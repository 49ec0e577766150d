/** An element, for documents without comments, CDATA, processing instructions and types of their own. */
export interface Element {
  /** `urn:ietf:params:xml:ns:pidf tuple`: the name space and the local name. */
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  /** Its own text, without that of its children. */
  readonly text: string
}

interface Open extends Element {
  readonly tag: string
  readonly spaces: Readonly<Record<string, string>>
  readonly children: Open[]
  text: string
}

/** Reads a document whole. @throws Error where it is not well-formed */
export function readXml(text: string): Element {
  const document = text.replace(/<([\w:.-]+)((?:\s+[\w:.-]+="[^"]*")*)\s*\/>/g, '<$1$2></$1>')
  const start = /^<\?xml version="1\.0" encoding="UTF-8"\?>/.exec(document)
  if (!start) throw new Error('no XML declaration')
  const root: Open = { tag: '', name: '', attributes: {}, spaces: {}, children: [], text: '' }
  const open = [root]
  let rest = document.slice(start[0].length)
  while (rest !== '') {
    const token = /^(?:[^<>&]|&(?:amp|lt|gt|quot|apos);)+|^<\/?[A-Za-z][^<>]*>/u.exec(rest)?.[0]
    if (token === undefined) throw new Error(`not well-formed: ${rest.slice(0, 40)}`)
    rest = rest.slice(token.length)
    take(token, open)
  }
  const [only, ...others] = root.children
  if (open.length !== 1 || !only || others.length > 0 || root.text.trim() !== '') throw new Error('not one element')
  return only
}

function take(token: string, open: Open[]): void {
  const parent = open.at(-1)
  if (!parent) throw new Error('closed too often')
  if (!token.startsWith('<')) parent.text += unescaped(token)
  else if (!token.startsWith('</')) {
    const element = elementOf(token, parent.spaces)
    parent.children.push(element)
    open.push(element)
  } else if (open.pop()?.tag !== token.slice(2, -1)) throw new Error(`closed in the wrong order: ${token}`)
}

function elementOf(token: string, outer: Open['spaces']): Open {
  const found = /^<([\w:.-]+)((?:\s+[\w:.-]+="[^"]*")*)\s*>$/.exec(token)
  if (!found) throw new Error(`no tag: ${token}`)
  const [, tag = '', list = ''] = found
  const pairs = Array.from(list.matchAll(/([\w:.-]+)="([^"]*)"/g), ([, key = '', value = '']) => [key, unescaped(value)] as const)
  const spaces = { ...outer, ...Object.fromEntries(pairs.filter(([key]) => /^xmlns(:|$)/.test(key))) }
  const [prefix, local] = tag.includes(':') ? tag.split(':') : ['', tag]
  const space = spaces[prefix ? `xmlns:${prefix}` : 'xmlns']
  if (space === undefined) throw new Error(`a prefix of no name space: ${tag}`)
  return { tag, name: `${space} ${local}`, attributes: Object.fromEntries(pairs), spaces, children: [], text: '' }
}

const characters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescaped(text: string): string {
  return text.replace(/&(\w+);/g, (_, name: string) => characters[name] ?? '')
}

/** The only descendant of that local name. @throws Error where there is none, or more than one */
export function onlyOne(within: Element, local: string): Element {
  const all = (element: Element): Element[] => [element, ...element.children.flatMap(all)]
  const [found, ...others] = all(within).filter(({ name }) => name.endsWith(` ${local}`))
  if (!found || others.length > 0) throw new Error(`${found ? 'several' : 'no'} ${local}`)
  return found
}
