import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSiteName, type SiteName } from '../base/identity.js'
import { isBlock } from './yaml/yaml-schema.js'

/** Where the dial plan of a site is looked for. */
export interface PlanSource {
  readonly site: SiteName
  readonly file: string
}

export interface PlanSourceNeeds {
  readonly site: SiteName
  /** The setting `dialplan`. */
  readonly dialplan?: string | undefined
  /** Relative paths begin here. */
  readonly folder: string
  /** Nobody has configured anything, and Redis is embedded. */
  readonly sample: boolean
}

const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

/** The dial plan that comes with hotdesk. */
export function packagedPlan(site: SiteName): string {
  return join(packageRoot, 'dialplans', `${site}.yaml`)
}

/** Only the sample network falls back to the dial plan that comes with hotdesk: its emergency calls would reach nobody. */
export function planFileOf({ site, dialplan, folder, sample }: PlanSourceNeeds): string {
  if (dialplan) return resolve(folder, dialplan)
  const own = join(folder, 'dialplans', `${site}.yaml`)
  return sample && !existsSync(own) && existsSync(packagedPlan(site)) ? packagedPlan(site) : own
}

/** The same for settings that may be wrong elsewhere; null if the site or the setting is not usable. */
export function planSourceIn(settings: unknown, { folder, sample }: Pick<PlanSourceNeeds, 'folder' | 'sample'>): PlanSource | null {
  const { site: name, dialplan } = isBlock(settings) ? settings : {}
  const site = typeof name === 'string' ? parseSiteName(name) : null
  if (!site || (dialplan !== undefined && typeof dialplan !== 'string')) return null
  return { site, file: planFileOf({ site, dialplan, folder, sample }) }
}
