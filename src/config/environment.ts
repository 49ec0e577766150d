import { Secret } from '../base/secret.js'
import type { Option } from './schema/options.js'
import { isBlock, keyText, type ParsedFile, type Path, type Problem, splitList } from './yaml/yaml-schema.js'

// If DEBUG names drachtio-srf or ioredis when they are loaded, they print whole messages and commands, PINs and passwords included.
delete process.env.DEBUG

export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env
}

/** The settings as written, overridden by the environment. A problem with a value from the environment names its variable. */
export function withEnvironment(written: ParsedFile, options: readonly Option[], env: Environment): ParsedFile {
  const value = structuredClone(written.value)
  const places = new Map<string, string>()
  for (const { key, variable, list } of options) {
    const text = env[variable]
    if (text === undefined) continue
    put(value, key.split('.'), list ? splitList(text) : text)
    places.set(key, variable)
  }
  const settingOf = (path: Path): string => keyText(path.filter((step) => typeof step === 'string' && step !== 'url'))
  return { ...written, value, placeOf: (path) => places.get(settingOf(path)) ?? written.placeOf(path) }
}

function put(target: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (!isBlock(target)) return // The schema reports what is written instead of a block.
  const present = target[key]
  if (rest.length === 0) {
    target[key] = isBlock(present) ? { ...present, url: value } : value
    return
  }
  if (!isBlock(present)) target[key] = present === undefined ? {} : { url: present }
  put(target[key], rest, value)
}

const prefix = 'HOTDESK_'
/** Read by single commands, and `HOTDESK_CONFIG` before there are settings. */
const otherVariables = ['HOTDESK_CONFIG', 'HOTDESK_REDIS_INSTALL_PASSWORD', 'HOTDESK_NEW_SECRET']

/** Variables that begin with `HOTDESK_` and have no meaning: a misspelled one must not be ignored. */
export function unknownVariables(options: readonly Option[], env: Environment): Problem[] {
  const known = new Set([...options.map(({ variable }) => variable), ...otherVariables])
  return Object.keys(env)
    .filter((variable) => variable.startsWith(prefix) && !known.has(variable))
    .map((variable) => ({ place: variable, key: '', message: 'no setting has this name; src/config/README.md lists them' }))
}

/** The admin secret for an application or a SIP server without a configuration file; null if not set. */
export function drachtioSecret(): Secret | null {
  return secretIn('HOTDESK_DRACHTIO_SECRET')
}

/** The password of the Redis user that loads the functions; null if not set. */
export function installPassword(): Secret | null {
  return secretIn('HOTDESK_REDIS_INSTALL_PASSWORD')
}

/** The secret that `hotdesk redis secret --change` changes to; null if not set. */
export function newSecret(): Secret | null {
  return secretIn('HOTDESK_NEW_SECRET')
}

/** The user who called sudo; null without sudo. */
export function invokingUser(): string | null {
  return process.env.SUDO_USER || null
}

function secretIn(variable: string): Secret | null {
  const text = process.env[variable]
  return text ? new Secret(text) : null
}

/** For a node that is started as a child with its own file: the settings of this process must not reach it. */
export function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith(prefix)))
}

/**
 * Replaces the environment by a plain object. drachtio-srf looks up a variable for every header of every message, and each look-up in the
 * real environment is a call into the C library: a tenth of its running time.
 */
export function detachEnvironment(): void {
  process.env = { ...process.env }
}
