import type { SiteName } from '../../base/identity.js'
import type { Clip } from '../../media/media.js'
import type { Prompts } from '../prompts.js'

/** A site and the key that chooses it. */
export interface SiteKey {
  readonly key: string
  readonly site: SiteName
}

/** "Please choose a site. For London, press 2. …" */
export function spokenSites(choices: readonly SiteKey[], { clip, recording }: Pick<Prompts, 'clip' | 'recording'>): readonly Clip[] {
  const words = choices.flatMap(({ key, site }) => ['for', ...nameOf(site, recording), 'press', `digit-${key}`])
  return [clip('choose-site'), ...words.flatMap((word) => recording(word) ?? [])]
}

/** The recording `site-<name>`. Without one the name is spelled, because a key alone would not tell the caller which site it is for. */
function nameOf(site: SiteName, recording: Prompts['recording']): readonly string[] {
  const name = `site-${site}`
  return recording(name) ? [name] : Array.from(site, (character) => `${/[0-9]/.test(character) ? 'digit' : 'letter'}-${character}`)
}
