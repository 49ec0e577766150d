import { assertedParty } from '../identity/party.js'

/** An INVITE between nodes, as far as it is signed. */
export interface Contents {
  /** `''` where the header is absent. */
  header(name: string): string
  readonly body: string
}

/** Headers that a phone acts on, and that pass from node to node. */
const acting = ['Alert-Info', 'Call-Info', 'Priority']

/**
 * What the receiving node believes of a call: who calls, what the phone is to do, and the session description (the idea of
 * RFC 8224 §4). Both nodes read it out of the same headers, so that no other spelling on the way makes it another content.
 */
export function contentOf({ header, body }: Contents): string {
  const { name, number } = assertedParty(header)
  const isPrivate = /\bid\b/.test(header('Privacy'))
  const others = acting.map((each) => header(each).replace(/\s/g, ''))
  return JSON.stringify([name, number, isPrivate, ...others, body.trim()])
}
