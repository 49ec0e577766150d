import { Secret } from '../base/secret.js'
import type { Option } from './schema/options.js'
import { isBlock } from './yaml/yaml-schema.js'

/** Settings that a running node takes over. The others need a restart. */
const reloadable: readonly string[] = [
  'dialplan',
  'log.level',
  'login.',
  'pin.',
  'lockout.',
  'registration.minSeconds',
  'registration.maxSeconds',
  'registration.defaultSeconds',
  'registration.keepAliveSeconds',
  'emergency.',
  'retentionDays',
  'calls.busyGraceMilliseconds',
  'provisioning.templates',
]

export interface Differences {
  /** Names of settings with a new value that a running node takes over. */
  readonly live: readonly string[]
  /** The same for those that need a restart. */
  readonly restart: readonly string[]
}

/** The settings whose values differ, by name. */
export function differencesOf(before: unknown, after: unknown, options: readonly Option[]): Differences {
  const changed = options.map(({ key }) => key).filter((key) => textAt(before, key) !== textAt(after, key))
  const isLive = (key: string): boolean => reloadable.some((start) => key.startsWith(start))
  return { live: changed.filter(isLive), restart: changed.filter((key) => !isLive(key)) }
}

/** For comparison in memory only: contains secrets. */
function textAt(settings: unknown, key: string): string {
  const found = key.split('.').reduce<unknown>((value, step) => (isBlock(value) ? value[step] : undefined), settings)
  // `redis: x` is short for `redis: { url: x }`.
  return JSON.stringify(plain(isBlock(found) && 'url' in found ? found.url : found)) ?? ''
}

function plain(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value)) return value.map(plain)
  return isBlock(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)])) : value
}
