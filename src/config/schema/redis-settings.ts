import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import { parseHostPort } from '../../base/host-port.js'
import { Secret } from '../../base/secret.js'
import { durabilities, loadings, type RedisAccess, type RedisTarget } from '../redis-target.js'
import { block, isBlock, itemsOf, listOf, type ParsedFile, type Path, type Problem, secretForm } from '../yaml/yaml-schema.js'
import { choiceOf, matching, wordOf } from './forms.js'

function parseUrl(text: string): RedisTarget | null {
  if (text === 'embedded') return { kind: 'embedded' }
  return /^(rediss?:\/\/[^\s/]+(\/[0-9]*)?|unix:\/\/\/\S+)$/.test(text) ? { kind: 'url', url: new Secret(text) } : null
}

const notEmpty = (text: string): Secret | null => (text === '' ? null : new Secret(text))
const word = matching(/^\S+$/)
const secretOneOf = <Word extends string>(words: readonly Word[]) => secretForm(choiceOf(words), wordOf(words), { enum: words })

/** `redis: embedded` is short for `redis: { url: embedded }`. */
export const orText = <Block extends z.ZodType>(whole: Block) =>
  z.preprocess((found) => (typeof found === 'string' ? { url: found } : found), whole).meta({ isTextToo: true })

/** People put credentials here, as in a URL. */
const server = secretForm('host:port alone (user name and password are settings of their own)', parseHostPort)

// Errors quote nothing from this block: any of its texts may be a misplaced password.
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
    tls: secretOneOf(['yes', 'no']).prefault('no').describe('`yes`: TLS to sentinels or a cluster. For a URL, use `rediss://`.'),
    ca: secretForm('a file', word).optional().describe('Trusted certificate authorities, a PEM file. Default: those of Node.'),
    functions: secretOneOf(loadings)
      .prefault('check')
      .describe('Who loads the functions into a Redis that has data: the nodes (`install`), or `hotdesk redis install` (`check`).'),
    durability: secretOneOf(durabilities)
      .prefault('local')
      .describe('When a login is confirmed: when the primary has it (`local`), or every replica that could be promoted (`replicated`).'),
  }),
).prefault({})

type Settings = z.output<typeof redisSettings>

/** @param folder base of relative paths */
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

/** Problems that the form of a single setting cannot show. @param redis the block as written */
export function redisProblems(redis: unknown, { placeOf }: Pick<ParsedFile, 'placeOf'>, folder: string): Problem[] {
  const found = isBlock(redis) ? redis : { url: redis }
  const problem = (key: string, message: string): Problem => {
    const path: Path = ['redis', key]
    return { place: placeOf(path), key: path.join('.'), message }
  }
  const problems: Problem[] = []
  if (found.sentinels !== undefined && found.name === undefined)
    problems.push(problem('name', 'missing: expected the name under which the sentinels know the primary'))
  const places = ['url', 'sentinels', 'cluster'].filter((key) => found[key] !== undefined)
  if (places.length > 1)
    problems.push(problem(places[1] ?? '', `expected only one of url, sentinels and cluster, found ${places.join(' and ')}`))
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
