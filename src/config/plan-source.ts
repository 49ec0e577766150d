import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSiteName, type SiteName } from '../base/identity.js'
import { isBlock } from './yaml/yaml-schema.js'

/** The dial plan file of a site. */
export interface PlanSource {
  readonly site: SiteName
  readonly file: string
}

export interface PlanSourceNeeds {
  readonly site: SiteName
  /** The setting `dialplan`. */
  readonly dialplan?: string | undefined
  /** Base of relative paths. */
  readonly folder: string
  /** Neither a configuration file nor another Redis is given. */
  readonly sample: boolean
}

const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

/** The sample dial plan of a site, part of hotdesk. */
export function packagedPlan(site: SiteName): string {
  return join(packageRoot, 'dialplans', `${site}.yaml`)
}

/** Only the sample network uses a sample dial plan as a fallback: its emergency calls reach nobody. */
export function planFileOf({ site, dialplan, folder, sample }: PlanSourceNeeds): string {
  if (dialplan) return resolve(folder, dialplan)
  const own = join(folder, 'dialplans', `${site}.yaml`)
  return sample && !existsSync(own) && existsSync(packagedPlan(site)) ? packagedPlan(site) : own
}

/** The same for settings that may have other problems; null if the site or `dialplan` is invalid. */
export function planSourceIn(settings: unknown, { folder, sample }: Pick<PlanSourceNeeds, 'folder' | 'sample'>): PlanSource | null {
  const { site: name, dialplan } = isBlock(settings) ? settings : {}
  const site = typeof name === 'string' ? parseSiteName(name) : null
  if (!site || (dialplan !== undefined && typeof dialplan !== 'string')) return null
  return { site, file: planFileOf({ site, dialplan, folder, sample }) }
}
