import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../base/errors.js'
import { Secret } from '../base/secret.js'
import { isBlock, itemsOf } from './options.js'
import { block, listOf, type Path, type Problem, secretForm, type Written } from './yaml/yaml-schema.js'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** How we are let in, and how the way there is protected. */
export interface RedisAccess {
  readonly username: string | null
  readonly password: Secret | null
  /** Of the sentinels. */
  readonly sentinelPassword: Secret | null
  /** Said by the protocol of a URL, where there is one. */
  readonly isEncrypted: boolean
  /** The certificates of the authorities that are trusted, as PEM text; null: those that Node trusts. */
  readonly ca: string | null
}

/** Where Redis is. */
export type RedisTarget =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'url'; readonly url: Secret; readonly access?: RedisAccess }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly HostPort[]; readonly name: string; readonly access?: RedisAccess }
  /** Any of its servers; the others are learned from it. */
  | { readonly kind: 'cluster'; readonly servers: readonly HostPort[]; readonly access?: RedisAccess }

const durabilities = ['local', 'replicated'] as const
/** When a login or logout is confirmed to the person at the phone: when the primary has it, or when every replica that could be promoted has it as well. */
export type Durability = (typeof durabilities)[number]

const loadings = ['check', 'install'] as const
/** Whether nodes load the function library, or only check that it is there. */
export type FunctionLoading = (typeof loadings)[number]

/** `0.0.0.0:8080`, `[::]:8080`, `redis.example:26379` */
export function parseHostPort(text: string): HostPort | null {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]+)$/.exec(text)
  const [host, port] = [parts?.[1] ?? parts?.[2], parsePort(parts?.[3])]
  return host === undefined || port === null ? null : { host, port }
}

export function parsePort(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null
}

function parseUrl(text: string): RedisTarget | null {
  if (text === 'embedded') return { kind: 'embedded' }
  return /^(rediss?:\/\/[^\s/]+(\/[0-9]*)?|unix:\/\/\/\S+)$/.test(text) ? { kind: 'url', url: new Secret(text) } : null
}

const notEmpty = (text: string): Secret | null => (text === '' ? null : new Secret(text))
const word = (text: string): string | null => (/^\S+$/.test(text) ? text : null)

/** `redis: embedded` is short for `redis: { url: embedded }`. */
export const orText = <Block extends z.ZodType>(whole: Block) =>
  z.preprocess((found) => (typeof found === 'string' ? { url: found } : found), whole)

/** People also write credentials here, as in a URL. */
const server = secretForm('host:port alone (user name and password are settings of their own)', parseHostPort)

// Nothing in this block is quoted: any of its texts may be a password in the wrong place.
export const redisSettings = orText(
  block({
    url: secretForm('embedded, redis://host:port, rediss://host:port or unix:///path', parseUrl)
      .prefault('embedded')
      .describe('`embedded`: the node runs its own redis-server and stores it in `data`; or `redis://…`, `rediss://…`, `unix:///…`.'),
    sentinels: listOf(server).optional().describe('Sentinels instead of a URL: `host:port`, …'),
    name: secretForm('the name that the sentinels know', word).optional().describe('The sentinels’ name for the primary.'),
    cluster: listOf(server).optional().describe('Servers of a Redis Cluster, instead of a URL: `host:port`, …'),
    username: secretForm('a user name', word).optional().describe('ACL user; may be part of the URL.'),
    password: secretForm('a password', notEmpty).optional().describe('Password of the ACL user.'),
    sentinelPassword: secretForm('a password', notEmpty).optional().describe('Password of the sentinels.'),
    tls: secretForm('yes or no', (text) => (text === 'yes' || text === 'no' ? text : null))
      .prefault('no')
      .describe('`yes`: TLS to sentinels or a cluster. For a URL, use `rediss://`.'),
    ca: secretForm('a file', word).optional().describe('Trusted certificate authorities, a PEM file. Default: those of Node.'),
    functions: secretForm(`one of ${loadings.join(', ')}`, (text) => loadings.find((loading) => loading === text) ?? null)
      .prefault('check')
      .describe('Who loads the functions into a Redis that has data: the nodes (`install`), or `hotdesk redis install` (`check`).'),
    durability: secretForm(`one of ${durabilities.join(', ')}`, (text) => durabilities.find((policy) => policy === text) ?? null)
      .prefault('local')
      .describe('When a login is confirmed: when the primary has it (`local`), or every replica that could be promoted (`replicated`).'),
  }),
).prefault({})

type Settings = z.output<typeof redisSettings>

/** @param folder where relative paths begin. */
export function redisTargetOf(from: Settings, folder: string): RedisTarget {
  const access: RedisAccess = {
    username: from.username ?? null,
    password: from.password ?? null,
    sentinelPassword: from.sentinelPassword ?? null,
    isEncrypted: from.tls === 'yes',
    ca: from.ca === undefined ? null : readFileSync(resolve(folder, from.ca), 'utf8'),
  }
  if (from.sentinels) return { kind: 'sentinel', sentinels: from.sentinels, name: from.name ?? '', access }
  if (from.cluster) return { kind: 'cluster', servers: from.cluster, access }
  return from.url.kind === 'url' ? { ...from.url, access } : from.url
}

type SharedPlace = Exclude<RedisTarget, { kind: 'embedded' }>

/** The same Redis, as another user. */
export function redisTargetAs(place: SharedPlace, username: string, password: Secret): SharedPlace {
  const before = place.access ?? { sentinelPassword: null, isEncrypted: false, ca: null }
  const access: RedisAccess = { ...before, username, password }
  if (place.kind !== 'url') return { ...place, access }
  const url = new URL(place.url.reveal())
  // Credentials inside a URL count more than those beside it.
  url.username = ''
  url.password = ''
  return { ...place, url: new Secret(url.href), access }
}

/** What the form of one setting cannot tell; `redis` is what was written. */
export function redisProblems(redis: unknown, { placeOf }: Pick<Written, 'placeOf'>, folder: string): Problem[] {
  const found = isBlock(redis) ? redis : { url: redis }
  const problem = (key: string, message: string): Problem => {
    const path: Path = ['redis', key]
    return { place: placeOf(path), key: path.join('.'), message }
  }
  const problems: Problem[] = []
  if (found.sentinels !== undefined && found.name === undefined)
    problems.push(problem('name', 'missing: expected the name under which the sentinels know the primary'))
  const places = ['url', 'sentinels', 'cluster'].filter((key) => found[key] !== undefined)
  if (places.length > 1) problems.push(problem(places[1] ?? '', `one place is enough, found ${places.join(' and ')}`))
  for (const key of ['sentinels', 'cluster'])
    if (found[key] !== undefined && !isBlock(found[key]) && itemsOf(found[key]).length === 0)
      problems.push(problem(key, 'missing: expected at least one host:port'))
  if (found.durability === 'replicated' && !isShared(redis))
    problems.push(problem('durability', 'the embedded Redis has no replica: expected local, or another Redis'))
  return [...problems, ...unreadable(found.ca, folder, (message) => problem('ca', message))]
}

/** A Redis that other nodes can reach. */
export function isShared(redis: unknown): boolean {
  const { url, sentinels, cluster } = isBlock(redis) ? redis : { url: redis }
  return sentinels !== undefined || cluster !== undefined || (url ?? 'embedded') !== 'embedded'
}

function unreadable(ca: unknown, folder: string, problem: (message: string) => Problem): Problem[] {
  if (typeof ca !== 'string') return []
  try {
    return /-----BEGIN CERTIFICATE-----/.test(readFileSync(resolve(folder, ca), 'utf8')) ? [] : [problem('has no certificate in PEM form')]
  } catch (fault) {
    return [problem(`cannot be read (${messageOf(fault)})`)]
  }
}
