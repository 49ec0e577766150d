import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type AppError, messageOf } from '../base/errors.js'
import { Secret } from '../base/secret.js'
import { type Differences, differencesOf } from './differences.js'
import { type Environment, processEnvironment, unknownVariables, withEnvironment } from './environment.js'
import { type PlanSource, planSourceIn } from './plan-source.js'
import { type Config, configOf } from './resolution.js'
import { isShared } from './schema/redis-settings.js'
import { checkSettings, options, sampleText } from './schema/schema.js'
import { maxConfigBytes, readTextFile } from './yaml/text-file.js'
import { invalid, isBlock, type ParsedFile, readYaml } from './yaml/yaml-schema.js'

export type { HostPort } from '../base/host-port.js'
export type { Durability, RedisAccess, RedisTarget } from './redis-target.js'
export type { Config } from './resolution.js'
export { settingsSchema } from './schema/schema.js'

export interface LoadNeeds {
  /** The configuration file; null: `hotdesk.yaml` in `cwd` if it exists, else the sample. */
  readonly file?: string | null
  readonly env?: Environment
  readonly cwd?: string
  /** `look` writes no generated secret to the disk: for `hotdesk check`. */
  readonly purpose?: 'run' | 'look'
}

/**
 * Reads the file and the environment; touches no network. @throws AppError CONFIG_INVALID that lists all problems with their places
 */
export function loadConfig({ file = null, env = processEnvironment(), cwd = process.cwd(), purpose = 'run' }: LoadNeeds = {}): Config {
  const chosen = file ?? env.HOTDESK_CONFIG ?? (existsSync(join(cwd, 'hotdesk.yaml')) ? 'hotdesk.yaml' : null)
  const path = chosen === null ? null : resolve(cwd, chosen)
  return parseConfig({ text: path === null ? sampleText : readText(path), file: path, env, cwd, purpose })
}

function readText(path: string): string {
  try {
    return readTextFile(path, maxConfigBytes)
  } catch (cause) {
    throw invalid('CONFIG_INVALID', basename(path), [{ place: path, key: '', message: `cannot be read (${messageOf(cause)})` }])
  }
}

export interface ParseNeeds extends Required<Pick<LoadNeeds, 'env' | 'cwd' | 'purpose'>> {
  readonly text: string
  /** Named in problems; its folder is the base of relative paths. null: the sample. */
  readonly file: string | null
}

/** The same for text that has been read. */
export function parseConfig({ text, file, env, cwd, purpose }: ParseNeeds): Config {
  const name = file === null ? 'sample configuration' : basename(file)
  const written = withEnvironment(readYaml(text, name), options, env)
  const folder = file === null ? cwd : dirname(file)
  const sample = file === null
  const checked = checkSettings(written, folder)
  const problems = [...('problems' in checked ? checked.problems : []), ...unknownVariables(options, env)]
  if ('problems' in checked || problems.length > 0) {
    const fault = invalid('CONFIG_INVALID', name, problems)
    rememberPlan(fault, written, { folder, sample })
    throw fault
  }
  const config = freeze(configOf(checked.value, { folder, sample, isListenSet: isSet(written, ['sip', 'listen']), purpose }))
  settingsOf.set(config, checked.value)
  return config
}

function isSet({ value }: ParsedFile, [section, key]: readonly [string, string]): boolean {
  const block = isBlock(value) ? value[section] : undefined
  return isBlock(block) && block[key] !== undefined
}

function freeze<Value>(value: Value): Value {
  if (isBlock(value) && !(value instanceof Secret)) for (const inner of Object.values(value)) freeze(inner)
  return typeof value === 'object' ? Object.freeze(value) : value
}

const settingsOf = new WeakMap<Config, unknown>()

/** Settings with another value, and whether a running node takes them over. */
export function differences(before: Config, after: Config): Differences {
  return differencesOf(settingsOf.get(before), settingsOf.get(after), options)
}

const plansOfFaults = new WeakMap<AppError, PlanSource>()

function rememberPlan(
  fault: AppError,
  { value }: ParsedFile,
  { folder, sample }: { readonly folder: string; readonly sample: boolean },
): void {
  const isEmbedded = isBlock(value) && !isShared(value.redis)
  const plan = planSourceIn(value, { folder, sample: sample && isEmbedded })
  if (plan) plansOfFaults.set(fault, plan)
}

/** The dial plan that an invalid configuration names, so that both can be checked at once; null if it is unknown. @param fault CONFIG_INVALID */
export function planSourceOf(fault: AppError): PlanSource | null {
  return plansOfFaults.get(fault) ?? null
}
