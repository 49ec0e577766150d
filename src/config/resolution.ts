import { resolve } from 'node:path'
import { loopbackAddress, machineAddress } from '../base/host/machine-address.js'
import type { NodeName, SiteName } from '../base/identity.js'
import { isLoopback, isWildcard, loopbackOf } from '../base/ip-address.js'
import type { ListenAddress } from '../base/listen-address.js'
import type { Level } from '../base/logger.js'
import { Secret } from '../base/secret.js'
import { generatedSecret } from './generated-secret.js'
import { planFileOf } from './plan-source.js'
import type { Durability, FunctionLoading, RedisTarget } from './redis-target.js'
import type { Behaviour } from './schema/behaviour.js'
import { mediaFamilyOf } from './schema/media-settings.js'
import { type Provisioning, provisioningOf } from './schema/provisioning-settings.js'
import { redisTargetOf } from './schema/redis-settings.js'
import type { Settings } from './schema/schema.js'
import { type SipThread, tlsFilesOf } from './schema/sip-settings.js'
import type { TlsFiles } from './tls-files.js'

/** The whole configuration of a node, checked; frozen. */
export interface Config extends Behaviour {
  readonly node: NodeName
  readonly site: SiteName
  readonly network: string
  readonly secret: Secret
  readonly sip: {
    readonly domain: string
    /** Other domains of the network. */
    readonly aliases: readonly string[]
    readonly digest: { readonly algorithms: readonly ('SHA-512-256' | 'SHA-256' | 'MD5')[]; readonly qop: 'optional' | 'required' }
    readonly listen: readonly ListenAddress[]
    readonly advertise: string | null
    /** Origins of web pages that may connect over WebSocket; empty: those of the same host. */
    readonly origins: readonly string[]
    /** For tls:// and wss://. */
    readonly tls: TlsFiles | null
    /** Session interval of every leg (RFC 4028). */
    readonly sessionSeconds: number
    readonly thread: SipThread
    /** RFC 3261 §17: T1, T2, T4 in milliseconds. */
    readonly timers: { readonly t1: number; readonly t2: number; readonly t4: number }
  }
  readonly drachtio: 'embedded' | { readonly host: string; readonly port: number; readonly secret: Secret }
  readonly redis: RedisTarget
  readonly durability: Durability
  readonly functionLoading: FunctionLoading
  readonly http: { readonly address: string; readonly port: number }
  /** How phones fetch their configuration. `listen` is empty: over `http`. */
  readonly provisioning: Provisioning
  /** At most one address of each family. */
  readonly media: { readonly addresses: readonly string[]; readonly ports: { readonly from: number; readonly to: number } }
  readonly data: string
  /** Retention of call records, call logs and events. */
  readonly retentionDays: number
  /** Receivers of events; the path of a URL may hold a token. */
  readonly webhooks: readonly { readonly url: Secret; readonly secret: Secret; readonly events: readonly string[] }[]
  readonly log: { readonly level: Level; readonly form: 'json' | 'pretty' }
  /** The dial plan file of the site. */
  readonly dialplan: string
  /**
   * True without a configuration file and with an embedded Redis: the sample network, whose PINs are published, is loaded into an empty
   * Redis.
   */
  readonly sample: boolean
}

/** What the configuration depends on besides the settings. */
export interface Surroundings {
  /** Base of relative paths. */
  readonly folder: string
  /** No file was given. */
  readonly sample: boolean
  /** `sip.listen` was given. */
  readonly isListenSet: boolean
  readonly purpose: 'run' | 'look'
}

/** Derives the configuration from the settings and the machine; generates the secret if there is none. */
export function configOf(settings: Settings, { folder, purpose, ...surroundings }: Surroundings): Config {
  const { sip, redis: redisSettings, http, media, log, drachtio, secret, ...same } = settings
  const data = resolve(folder, settings.data)
  const redis = redisTargetOf(redisSettings, folder)
  const sample = surroundings.sample && redis.kind === 'embedded'
  const listen = sample && !surroundings.isListenSet ? sip.listen.map(onLoopback) : sip.listen
  const advertise = sip.advertise ?? advertisedFor(listen)
  return {
    ...same,
    secret: secret ?? generatedSecret(data, purpose),
    sip: { ...sip, listen, advertise, tls: tlsFilesOf(sip, folder) },
    drachtio: drachtio.url === 'embedded' ? 'embedded' : { ...drachtio.url, secret: drachtio.secret ?? new Secret('') },
    redis,
    durability: redisSettings.durability,
    functionLoading: redisSettings.functions,
    http: { address: http.listen.host, port: http.listen.port },
    provisioning: provisioningOf(settings.provisioning, {
      folder,
      own: { protocol: 'http', address: http.listen.host, port: http.listen.port },
      advertised: advertise ?? machineAddress('IPv4') ?? loopbackOf('IPv4'),
    }),
    media: { addresses: media.address ?? mediaAddressesFor(advertise, listen), ports: media.ports },
    data,
    log: { level: log.level, form: log.form ?? (process.stdout.isTTY ? 'pretty' : 'json') },
    dialplan: planFileOf({ ...settings, folder, sample }),
    sample,
  }
}

/** The passwords of the sample network are published: other machines can use them only if `sip.listen` is set. */
function onLoopback(place: ListenAddress): ListenAddress {
  return { ...place, address: loopbackOf('IPv4') }
}

/** Null: each listen address stands for itself. */
function advertisedFor(listen: readonly ListenAddress[]): string | null {
  return listen.some(({ address }) => address === '0.0.0.0') ? (machineAddress('IPv4') ?? loopbackOf('IPv4')) : null
}

/** One address of each family for session descriptions; first the one where phones register. */
function mediaAddressesFor(advertise: string | null, listen: readonly ListenAddress[]): readonly string[] {
  const own = [...(advertise === null ? [] : [advertise]), ...listen.map(({ address }) => address)].filter((one) => !isWildcard(one))
  const first = own[0] ?? machineAddress('IPv4') ?? machineAddress('IPv6') ?? loopbackOf('IPv4')
  const other = mediaFamilyOf(first) === 'IPv4' ? 'IPv6' : 'IPv4'
  const second = own.find((one) => mediaFamilyOf(one) === other) ?? (isLoopback(first) ? loopbackAddress(other) : machineAddress(other))
  return second === null ? [first] : [first, second]
}
