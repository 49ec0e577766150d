import { isLoopback } from '../../base/ip-address.js'
import { Secret } from '../../base/secret.js'
import { block, form, listOf, secretForm } from '../yaml/yaml-schema.js'
import { matching } from './forms.js'

/** HTTP without TLS is for a receiver on the same machine. The path may hold a token, so no error quotes the URL. */
function parseHookUrl(text: string): Secret | null {
  if (!URL.canParse(text)) return null
  const { protocol, hostname, username, hash, href } = new URL(text)
  const isHere = hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isHere)
  return isSafe && username === '' && hash === '' ? new Secret(href) : null
}

/** Receivers of events over HTTP. */
export const webhookSettings = listOf(
  block({
    url: secretForm('an https:// URL without a user name (http:// only to this machine)', parseHookUrl),
    secret: secretForm('at least 16 characters', (text) => (text.length >= 16 ? new Secret(text) : null)),
    events: listOf(
      form('an event such as login, or the beginning of some such as emergency*', matching(/^(\*|[a-z][a-z.-]{0,40}\*?)$/)),
    ).prefault(['*']),
  }),
)
  .refine((hooks) => new Set(hooks.map(({ url }) => url.reveal())).size === hooks.length, 'expected each url once')
  .prefault([])
  .describe('Receivers of events, each `{ url, secret, events }`; only in the file. See [webhooks](../webhooks/README.md).')
