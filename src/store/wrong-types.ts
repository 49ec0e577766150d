import type { Redis } from 'ioredis'
import { messageOf } from '../base/errors.js'
import type { StoreCondition } from './contract.js'
import type { Keys } from './keys.js'

type KeyType = 'hash' | 'stream' | 'string'

/** Types by the prefix of a key, longer prefixes first. */
const typesByPrefix: readonly (readonly [prefix: string, type: KeyType])[] = [
  ['attempts:seen:', 'hash'],
  ['attempts:familiar:', 'hash'],
  ['attempts:', 'string'],
  ['turn:', 'string'],
  ['events', 'stream'],
  ['calls:', 'stream'],
]

function expectedType(key: string): KeyType {
  return typesByPrefix.find(([prefix]) => key.startsWith(prefix))?.[1] ?? 'hash'
}

/** Commands that show a value, by type. */
const readCommands: Readonly<Record<string, string>> = {
  string: 'GET',
  list: 'LRANGE',
  set: 'SMEMBERS',
  zset: 'ZRANGE',
  hash: 'HGETALL',
  stream: 'XRANGE',
}

function wrongTypeWords(fullKey: string, type: string, expected: string): string {
  const look = readCommands[type] === undefined ? 'look at it' : `look at it (${readCommands[type]})`
  return `${fullKey} is a ${type}, and a ${expected} is expected: ${look}, then RENAME or DEL it`
}

const mostNamed = 10

/** Without `users` or `devices`, nobody can log in. Any other key affects only its own record. */
export function wrongTypeCondition(wrongTypes: ReadonlyMap<string, string>): StoreCondition {
  const words = (isWanted: (key: string) => boolean): string[] => [...wrongTypes].flatMap(([key, text]) => (isWanted(key) ? [text] : []))
  const isEssential = (key: string): boolean => key === 'users' || key === 'devices'
  return { reasons: words(isEssential), warnings: words((key) => !isEssential(key)).slice(0, mostNamed) }
}

export function isWrongType(fault: unknown): boolean {
  return messageOf(fault).includes('WRONGTYPE')
}

/** Keys that a function may have accessed, by its arguments. */
function candidates(args: readonly string[]): readonly string[] {
  const named = args.filter((arg) => /^[\w?-]{1,64}$/.test(arg)).slice(0, 20)
  const prefixes = ['user:', 'device:', 'site:', 'node:', 'reg:', 'oncall:', 'quiet:', 'turn:', 'calls:']
  const counters = ['', 'day:', 'wait:', 'familiar:', 'seen:'].map((name) => `attempts:${name}`)
  const pair = named.slice(0, 2).join(':')
  return [
    'users',
    'devices',
    'macs',
    'events',
    'secret',
    ...named.flatMap((name) => [...prefixes, ...counters].map((prefix) => `${prefix}${name}`)),
    ...['attempts:', 'attempts:day:'].map((prefix) => `${prefix}${pair}`),
  ]
}

/** Redis's WRONGTYPE does not name the key: finds the first key of the wrong type, as a sentence; null: none found. */
export async function wrongTypeAmong(redis: Redis, keys: Keys, args: readonly string[]): Promise<string | null> {
  const names = candidates(args)
  const types = await Promise.all(names.map((name) => redis.type(keys.full(name))))
  const at = names.findIndex((name, index) => types[index] !== 'none' && types[index] !== expectedType(name))
  const [name, type] = [names[at], types[at]]
  return name === undefined || type === undefined ? null : wrongTypeWords(keys.full(name), type, expectedType(name))
}
