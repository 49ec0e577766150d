import type { IncomingMessage } from 'node:http'

/** The entry that allows every web page. */
const anyOrigin = '*'

/**
 * Whether a WebSocket handshake may come from its web page (RFC 6455 §10.2). A browser names the page in `Origin`, which the page cannot change.
 * A phone sends no `Origin`. Drafts of the protocol called the header `Sec-WebSocket-Origin`. `allowed` lists origins; an empty list allows pages of
 * the host that the handshake is sent to.
 */
export function allowsOrigin({ headers }: Pick<IncomingMessage, 'headers'>, allowed: readonly string[]): boolean {
  const { host } = headers
  const origin = headers.origin ?? headers['sec-websocket-origin']
  if (origin === undefined || allowed.includes(anyOrigin)) return true
  const page = parseOrigin(String(origin))
  if (page === null) return false
  return allowed.length > 0 ? allowed.some((entry) => parseOrigin(entry) === page) : hostOf(page) === hostOf(`http://${host ?? ''}`)
}

/** `https://phones.example:8443` in its normal form; null for anything else, such as the `null` of a page from a file. */
function parseOrigin(text: string): string | null {
  if (!/^https?:\/\/[^/?#@\s]{1,300}$/i.test(text) || !URL.canParse(text)) return null
  return new URL(text).origin
}

/** Without the port, because the page and the SIP server of a host have different ports. */
function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null
}
