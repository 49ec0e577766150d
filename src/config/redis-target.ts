import type { HostPort } from '../base/host-port.js'
import { Secret } from '../base/secret.js'

/** Credentials for Redis, and encryption of the connection. */
export interface RedisAccess {
  readonly username: string | null
  readonly password: Secret | null
  /** The sentinels' own password. */
  readonly sentinelPassword: Secret | null
  /** For sentinels and clusters; a URL shows it by its scheme. */
  readonly isEncrypted: boolean
  /** Certificates of the trusted authorities, PEM; null: those that Node trusts. */
  readonly ca: string | null
}

/** Where Redis is. */
export type RedisTarget =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'url'; readonly url: Secret; readonly access?: RedisAccess }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly HostPort[]; readonly name: string; readonly access?: RedisAccess }
  /** Any of its servers: it names the others. */
  | { readonly kind: 'cluster'; readonly servers: readonly HostPort[]; readonly access?: RedisAccess }

export const durabilities = ['local', 'replicated'] as const
/** When a login or logout is confirmed to the user: when the primary has it, or when every replica that could be promoted has it too. */
export type Durability = (typeof durabilities)[number]

export const loadings = ['check', 'install'] as const
/** Whether nodes load the function library, or only check that it is there. */
export type FunctionLoading = (typeof loadings)[number]

type SharedTarget = Exclude<RedisTarget, { kind: 'embedded' }>

/** The same Redis with the credentials of another user. */
export function redisTargetAs(target: SharedTarget, username: string, password: Secret): SharedTarget {
  const before = target.access ?? { sentinelPassword: null, isEncrypted: false, ca: null }
  const access: RedisAccess = { ...before, username, password }
  if (target.kind !== 'url') return { ...target, access }
  const url = new URL(target.url.reveal())
  // Credentials in the URL would take precedence.
  url.username = ''
  url.password = ''
  return { ...target, url: new Secret(url.href), access }
}
