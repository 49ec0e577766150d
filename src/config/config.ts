import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { z } from 'zod'
import { type AppError, messageOf } from '../base/errors.js'
import { machineAddress } from '../base/host/machine-address.js'
import { type NodeName, parseNodeName, parseSiteName, type SiteName } from '../base/identity.js'
import type { ListenAddress } from '../base/listen-address.js'
import { Secret } from '../base/secret.js'
import { type Behaviour, behaviour } from './behaviour.js'
import { keptSecret } from './generated-secret.js'
import { defaultMediaAddresses, mediaSettings } from './media-settings.js'
import { type Environment, isBlock, type Option, optionsOf, unknownVariables, withEnvironment } from './options.js'
import { type PlanSource, planFileOf, planSourceIn } from './plan-source.js'
import {
  type Durability,
  type FunctionLoading,
  isShared,
  orText,
  parseHostPort,
  parsePort,
  type RedisTarget,
  redisProblems,
  redisSettings,
  redisTargetOf,
} from './redis-target.js'
import { type SipThread, sipProblems, sipSettings, tlsFilesOf } from './sip-settings.js'
import type { TlsFiles } from './tls-files.js'
import { mostOfSettings, readTextFile } from './yaml/text-file.js'
import { block, check, form, invalid, keyText, type Path, type Problem, readYaml, secretForm, type Written } from './yaml/yaml-schema.js'

// drachtio-srf and ioredis print whole messages and commands, PINs and passwords included, if DEBUG names them when they are loaded.
delete process.env.DEBUG

export type { Durability, HostPort, RedisAccess, RedisTarget } from './redis-target.js'
export { redisTargetAs } from './redis-target.js'

/** The whole configuration of a node, checked; frozen. */
export interface Config {
  readonly node: NodeName
  readonly site: SiteName
  readonly network: string
  readonly secret: Secret
  readonly sip: {
    readonly domain: string
    /** Other names of the network. */
    readonly aliases: readonly string[]
    readonly digest: { readonly algorithms: readonly ('SHA-512-256' | 'SHA-256' | 'MD5')[]; readonly qop: 'optional' | 'required' }
    readonly listen: readonly ListenAddress[]
    readonly advertise: string | null
    /** Web pages that may connect by WebSocket; empty: those of the same host. */
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
  /** `addresses`: at most one a family. */
  readonly media: { readonly addresses: readonly string[]; readonly ports: { readonly from: number; readonly to: number } }
  readonly data: string
  /** How long call records are kept. */
  readonly retentionDays: number
  readonly login: Behaviour['login']
  readonly pin: Behaviour['pin']
  readonly lockout: Behaviour['lockout']
  readonly registration: Behaviour['registration']
  readonly calls: Behaviour['calls']
  readonly emergency: Behaviour['emergency']
  readonly log: { readonly level: (typeof levels)[number]; readonly form: 'json' | 'pretty' }
  /** The site's dial plan file. */
  readonly dialplan: string
  /** True when no hotdesk.yaml was given and Redis is our own: the sample network, whose PINs are published, is loaded into an empty Redis. */
  readonly sample: boolean
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

// ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const matching = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : null)
const oneOf = <Word extends string>(words: readonly Word[]) =>
  form(`one of ${words.join(', ')}`, (text) => words.find((word) => word === text) ?? null)
const name = 'a name of small letters, digits and -'
const secretText = secretForm('at least 16 characters', (text) => (text.length >= 16 ? new Secret(text) : null))

function days(text: string): number | null {
  return /^[0-9]{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 3_650 ? Number(text) : null
}

function parsePorts(text: string): { from: number; to: number } | null {
  const parts = /^([0-9]+)-([0-9]+)$/.exec(text)
  const [from, to] = [parsePort(parts?.[1]), parsePort(parts?.[2])]
  return from === null || to === null || from < 1024 || to <= from ? null : { from, to }
}

function parseDrachtio(text: string): 'embedded' | { host: string; port: number } | null {
  if (text === 'embedded') return text
  return text.startsWith('tcp://') ? parseHostPort(text.slice('tcp://'.length)) : null
}

// ── settings: what there is, its form, its default, its description ─────────────────────────────────────────────────

const settings = block({
  node: form(name, parseNodeName).describe('Name of this node, unique in the network.'),
  site: form(name, parseSiteName).describe('The office this node belongs to.'),
  network: form(name, matching(/^[a-z][a-z0-9-]{0,31}$/))
    .prefault('hd')
    .describe('Hash tag of every key in Redis: `{hd}:users`.'),
  secret: secretText
    .optional()
    .describe(
      'Signs calls between nodes and seals passwords; the same on every node. With an embedded Redis, it is generated and kept in `data`.',
    ),
  sip: sipSettings,
  drachtio: orText(
    block({
      url: secretForm('embedded or tcp://host:port (the secret is a setting of its own)', parseDrachtio)
        .prefault('embedded')
        .describe('`embedded`, or a drachtio-server: `tcp://host:9022`.'),
      secret: secretForm('a secret', (text) => (text === '' ? null : new Secret(text)))
        .optional()
        .describe('Admin secret of the drachtio-server.'),
    }),
  ).prefault({}),
  redis: redisSettings,
  http: block({
    listen: form('an address such as 0.0.0.0:8080', parseHostPort)
      .prefault('127.0.0.1:8080')
      .describe('Address of health and metrics. Set `0.0.0.0:8080` for a remote Prometheus, a load balancer or Kubernetes probes.'),
  }).prefault({}),
  media: mediaSettings(parsePorts).prefault({}),
  data: form('a folder', matching(/./))
    .prefault('./data')
    .describe('Folder of the embedded Redis, the saved copy, call records and the generated secret. Relative to the configuration file.'),
  retentionDays: form('days, 1 to 3650', days).prefault('90').describe('Retention of call records, call logs and events, in days.'),
  dialplan: form('a file', matching(/./)).optional().describe('Dial plan of the site. Default: `dialplans/<site>.yaml`.'),
  ...behaviour,
  log: block({
    level: oneOf(levels)
      .prefault('info')
      .describe(`One of ${levels.join(', ')}.`),
    form: oneOf(['json', 'pretty']).optional().describe('`json` or `pretty`. Default: pretty at a terminal.'),
  }).prefault({}),
})

type Settings = z.output<typeof settings>

/** Every setting there is, in order. */
export const options: readonly Option[] = optionsOf(settings, 'HOTDESK')

// ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface LoadNeeds {
  /** The configuration file; null: `hotdesk.yaml` in `cwd` where there is one, else the sample. */
  readonly file?: string | null
  readonly env?: Environment
  readonly cwd?: string
  /** `look` makes no secret on disk: for `hotdesk check`. */
  readonly purpose?: 'run' | 'look'
}

/** What runs when nobody has configured anything. */
const sampleText = 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n'

/** Reads file and environment; touches no network. @throws AppError CONFIG_INVALID with everything that is wrong, each with its place */
export function loadConfig({ file = null, env = process.env, cwd = process.cwd(), purpose = 'run' }: LoadNeeds = {}): Config {
  const chosen = file ?? env.HOTDESK_CONFIG ?? (existsSync(join(cwd, 'hotdesk.yaml')) ? 'hotdesk.yaml' : null)
  const path = chosen === null ? null : resolve(cwd, chosen)
  return parseConfig({ text: path === null ? sampleText : readText(path), file: path, env, cwd, purpose })
}

const planPlaces = new WeakMap<object, PlanSource>()

/** Of a fault of CONFIG_INVALID: the dial plan that the configuration names all the same; null if it cannot be known. */
export function planSourceOf(fault: AppError): PlanSource | null {
  return planPlaces.get(fault) ?? null
}

function readText(path: string): string {
  try {
    return readTextFile(path, mostOfSettings)
  } catch (cause) {
    throw invalid('CONFIG_INVALID', basename(path), [{ place: path, key: '', message: `cannot be read (${messageOf(cause)})` }])
  }
}

export interface ParseNeeds extends Required<Pick<LoadNeeds, 'env' | 'cwd' | 'purpose'>> {
  readonly text: string
  /** Names the text in problems; relative paths in it begin at its folder. null: the sample. */
  readonly file: string | null
}

/** The same for a text already read. */
export function parseConfig({ text, file, env, cwd, purpose }: ParseNeeds): Config {
  const name = file === null ? 'sample configuration' : basename(file)
  const written = withEnvironment(readYaml(text, name), options, env)
  const { HOTDESK_CONFIG: _file, HOTDESK_REDIS_INSTALL_PASSWORD: _password, HOTDESK_NEW_SECRET: _secret, ...variables } = env
  const checked = check(settings, written)
  const folder = file === null ? cwd : dirname(file)
  const late = [...crossChecks(written, folder), ...unknownVariables(options, variables, 'HOTDESK')]
  if ('problems' in checked || late.length > 0) {
    const fault = invalid('CONFIG_INVALID', name, ['problems' in checked ? checked.problems : [], late].flat())
    const isOwnRedis = isBlock(written.value) && !isShared(written.value.redis)
    const place = planSourceIn(written.value, { folder, sample: file === null && isOwnRedis })
    if (place) planPlaces.set(fault, place)
    throw fault
  }
  return freeze(resolved(checked.value, { folder, sample: file === null, isListenSet: isSet(written, ['sip', 'listen']), purpose }))
}

function isSet({ value }: Written, [section, key]: readonly [string, string]): boolean {
  const block = isBlock(value) ? value[section] : undefined
  return isBlock(block) && block[key] !== undefined
}

/** What the form of one setting cannot tell. Reads what was written, so that other problems hide none of these. */
function crossChecks(written: Written, folder: string): Problem[] {
  const { secret, redis, drachtio, sip } = isBlock(written.value) ? written.value : {}
  const problem = (path: Path, message: string): Problem => ({
    place: written.placeOf(path),
    key: keyText(path),
    message: `missing: ${message}`,
  })
  const drachtioBlock = isBlock(drachtio) ? drachtio : { url: drachtio }
  const problems = [...redisProblems(redis, written, folder), ...sipProblems(sip, written, folder)]
  if (secret === undefined && isShared(redis))
    problems.push(problem(['secret'], 'nodes that share a Redis need the same secret; make one with `openssl rand -hex 32`'))
  if ((drachtioBlock.url ?? 'embedded') !== 'embedded' && drachtioBlock.secret === undefined)
    problems.push(problem(['drachtio', 'secret'], "expected the drachtio-server's admin secret, best as HOTDESK_DRACHTIO_SECRET"))
  return problems
}

// ── what follows from the settings ───────────────────────────────────────────────────────────────────────────────────

interface Surroundings {
  readonly folder: string
  readonly sample: boolean
  /** `sip.listen` was given. */
  readonly isListenSet: boolean
  readonly purpose: 'run' | 'look'
}

function resolved(from: Settings, { folder, purpose, ...surroundings }: Surroundings): Config {
  const data = resolve(folder, from.data)
  const redis = redisTargetOf(from.redis, folder)
  const sample = surroundings.sample && redis.kind === 'embedded'
  const listen = sample && !surroundings.isListenSet ? from.sip.listen.map(onLoopback) : from.sip.listen
  const advertise =
    from.sip.advertise ?? (listen.some(({ address }) => address === '0.0.0.0') ? (machineAddress('IPv4') ?? '127.0.0.1') : null)
  return {
    node: from.node,
    site: from.site,
    network: from.network,
    secret: from.secret ?? keptSecret(data, purpose),
    sip: { ...from.sip, listen, advertise, tls: tlsFilesOf(from.sip, folder) },
    drachtio: from.drachtio.url === 'embedded' ? 'embedded' : { ...from.drachtio.url, secret: from.drachtio.secret ?? new Secret('') },
    redis,
    durability: from.redis.durability,
    functionLoading: from.redis.functions,
    http: { address: from.http.listen.host, port: from.http.listen.port },
    media: { addresses: from.media.address ?? defaultMediaAddresses(advertise, listen), ports: from.media.ports },
    data,
    retentionDays: from.retentionDays,
    login: from.login,
    pin: from.pin,
    lockout: from.lockout,
    registration: from.registration,
    calls: from.calls,
    emergency: from.emergency,
    log: { level: from.log.level, form: from.log.form ?? (process.stdout.isTTY ? 'pretty' : 'json') },
    dialplan: planFileOf({ ...from, folder, sample }),
    sample,
  }
}

/** The passwords of the sample are published: other machines cannot use them unless `sip.listen` says so. */
function onLoopback(place: ListenAddress): ListenAddress {
  return { ...place, address: '127.0.0.1' }
}

function freeze<Value>(value: Value): Value {
  if (isBlock(value) && !(value instanceof Secret)) for (const inner of Object.values(value)) freeze(inner)
  return typeof value === 'object' ? Object.freeze(value) : value
}

/**
 * From here on the environment is an object like any other. drachtio-srf looks a switch up in it for every header of every message, and
 * each look-up of the real one is a call of the system's library: a tenth of all its time.
 */
export function detachEnvironment(): void {
  process.env = { ...process.env }
}

/** What an application must know to use a SIP server that runs without a node; null where it is not set. */
export function drachtioSecret(env: Environment = process.env): Secret | null {
  return env.HOTDESK_DRACHTIO_SECRET ? new Secret(env.HOTDESK_DRACHTIO_SECRET) : null
}

/** The password of the Redis user that loads the functions; null where it is not set. */
export function installPassword(env: Environment = process.env): Secret | null {
  return env.HOTDESK_REDIS_INSTALL_PASSWORD ? new Secret(env.HOTDESK_REDIS_INSTALL_PASSWORD) : null
}

/** What `hotdesk redis secret --change` changes the secret to; null where it is not set. */
export function newSecret(env: Environment = process.env): Secret | null {
  return env.HOTDESK_NEW_SECRET ? new Secret(env.HOTDESK_NEW_SECRET) : null
}

/** For a node that is started as a child with a file of its own: the settings of this process must not reach it. */
export function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HOTDESK_')))
}
