/** In Redis, keys begin with the network as their hash tag, `{hd}:user:100`; in the program they do not, `user:100`. */
export interface Keys {
  /** `{hd}`: the one key argument of every function. */
  readonly tag: string
  full(key: string): string
  /** null for a key of another network. */
  short(fullKey: string): string | null
}

/** Hashes that every node keeps in memory. None may be a prefix of another (Redis refuses overlapping prefixes). */
export const replicatedPrefixes = [
  'users',
  'devices',
  'user:',
  'device:',
  'site:',
  'reg:',
  'node:',
  'quiet:',
  'callback:',
  'usage:',
  'secret',
  'webhook:',
  'messages:',
  'contacts',
  'lamp:',
  'phone:',
  'enrol:',
] as const

/** Requests to nodes and their replies. Redis reports changes of these keys like those of records, so neither side has to poll. */
export const mailPrefix = 'control:'

/** The replicated hashes that expire. Their time to live is tracked as well. */
const expiringPrefixes = ['reg:', 'node:', 'quiet:', 'callback:', 'usage:'] as const

export function createKeys(network: string): Keys {
  const tag = `{${network}}`
  const prefix = `${tag}:`
  return {
    tag,
    full: (key) => prefix + key,
    short: (fullKey) => (fullKey.startsWith(prefix) ? fullKey.slice(prefix.length) : null),
  }
}

export function isReplicated(key: string): boolean {
  return replicatedPrefixes.some((prefix) => key.startsWith(prefix))
}

export function isExpiring(key: string): boolean {
  return expiringPrefixes.some((prefix) => key.startsWith(prefix))
}

/** Whether the copy on disk has the key. Calls in progress change all the time, are over when a node starts, and name who calls. */
export function isSaved(key: string): boolean {
  return !key.startsWith('lamp:')
}

/** A node is alive as long as it renews this key. */
export function isHeartbeat(key: string): boolean {
  return key.startsWith('node:')
}
