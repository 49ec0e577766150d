import type { NodeName, SiteName } from './base/identity.js'
import type { ListenAddress } from './base/listen-address.js'
import type { Secret } from './base/secret.js'

/** Where Redis is. */
export type RedisPlace =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'url'; readonly url: Secret }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly { readonly host: string; readonly port: number }[]; readonly name: string }

/** The whole configuration of a node, checked; frozen. */
export interface Config {
  readonly node: NodeName
  readonly site: SiteName
  readonly network: string
  readonly secret: Secret
  readonly sip: { readonly domain: string; readonly listen: readonly ListenAddress[]; readonly advertise: string | null }
  readonly drachtio: 'embedded' | { readonly host: string; readonly port: number; readonly secret: Secret }
  readonly redis: RedisPlace
  readonly http: { readonly address: string; readonly port: number }
  readonly media: { readonly address: string; readonly ports: { readonly from: number; readonly to: number } }
  readonly data: string
  readonly log: { readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'; readonly form: 'json' | 'pretty' }
  /** The site's dial plan file. */
  readonly dialplan: string
  /** True when no hotdesk.yaml was given: the sample network is loaded into an empty Redis. */
  readonly sample: boolean
}
