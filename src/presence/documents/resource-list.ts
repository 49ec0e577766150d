import { xmlText } from '../../base/output/xml-text.js'
import { multipart } from '../../sip/message/multipart.js'

/** A lamp of a list. */
export interface ListedLamp {
  readonly uri: string
  /** As the key of the phone is labelled. */
  readonly name: string
  /** Its document; null: it cannot be watched. */
  readonly document: string | null
}

export interface ResourceListParts {
  /** The address of the list. */
  readonly uri: string
  readonly version: number
  /** Whether `lamps` are all lamps of the list, or those that have changed. */
  readonly isFull: boolean
  readonly lamps: readonly ListedLamp[]
  /** The type of the documents. */
  readonly type: string
  readonly domain: string
}

export const resourceListType = 'application/rlmi+xml'

/** The states of a list of lamps in one body (RFC 4662 §5): the list, and a document for each of its lamps. */
export function resourceList({ uri, version, isFull, lamps, type, domain }: ResourceListParts): {
  readonly type: string
  readonly body: string
} {
  const named = lamps.map((lamp) => ({ ...lamp, cid: `${crypto.randomUUID()}@${domain}` }))
  const start = `${crypto.randomUUID()}@${domain}`
  const list = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="${xmlText(uri)}" version="${version}" fullState="${isFull}">`,
    ...named.map(({ uri, name, document, cid }) => {
      const instance = document === null ? 'state="terminated" reason="noresource"' : `state="active" cid="${cid}"`
      return `<resource uri="${xmlText(uri)}"><name>${xmlText(name)}</name><instance id="1" ${instance}/></resource>`
    }),
    '</list>',
    '',
  ].join('\r\n')
  const parts = named.flatMap(({ document, cid }) => (document === null ? [] : [{ headers: headersOf(cid, type), content: document }]))
  return multipart(`related;type="${resourceListType}";start="<${start}>"`, [
    { headers: headersOf(start, resourceListType), content: list },
    ...parts,
  ])
}

function headersOf(cid: string, type: string): Readonly<Record<string, string>> {
  return { 'Content-Transfer-Encoding': 'binary', 'Content-ID': `<${cid}>`, 'Content-Type': `${type};charset="UTF-8"` }
}
