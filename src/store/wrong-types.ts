import type { Redis } from 'ioredis'
import { messageOf } from '../base/errors.js'
import type { StoreCondition } from './contract.js'
import type { Keys } from './keys.js'

type KeyType = 'hash' | 'stream' | 'string'

/** Keys of a network by their beginning, the longer ones first. */
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

/** How a person looks at a value. */
const reading: Readonly<Record<string, string>> = {
  string: 'GET',
  list: 'LRANGE',
  set: 'SMEMBERS',
  zset: 'ZRANGE',
  hash: 'HGETALL',
  stream: 'XRANGE',
}

function misfitWords(fullKey: string, type: string, expected: string): string {
  const look = reading[type] === undefined ? 'look at it' : `look at it (${reading[type]})`
  return `${fullKey} is a ${type}, and a ${expected} is expected: ${look}, then RENAME or DEL it`
}

const mostNamed = 10

/** Without the two hashes of the assignments nobody can log in; of a record only its owner misses something. */
export function misfitCondition(misfits: ReadonlyMap<string, string>): StoreCondition {
  const words = (isWanted: (key: string) => boolean): string[] => [...misfits].flatMap(([key, text]) => (isWanted(key) ? [text] : []))
  const isEssential = (key: string): boolean => key === 'users' || key === 'devices'
  return { reasons: words(isEssential), warnings: words((key) => !isEssential(key)).slice(0, mostNamed) }
}

export function isWrongType(fault: unknown): boolean {
  return messageOf(fault).includes('WRONGTYPE')
}

/** Keys that a function may have touched, by its arguments. */
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

/** After WRONGTYPE, which Redis says without the key: the first one of the wrong type in a sentence; null: not found. */
export async function misfitAmong(redis: Redis, keys: Keys, args: readonly string[]): Promise<string | null> {
  const names = candidates(args)
  const types = await Promise.all(names.map((name) => redis.type(keys.full(name))))
  const at = names.findIndex((name, index) => types[index] !== 'none' && types[index] !== expectedType(name))
  const [name, type] = [names[at], types[at]]
  return name === undefined || type === undefined ? null : misfitWords(keys.full(name), type, expectedType(name))
}
