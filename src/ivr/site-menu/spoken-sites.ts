import type { SiteName } from '../../base/identity.js'
import type { Clip } from '../../media/media.js'
import type { Prompts } from '../prompts.js'
import { nameWords } from '../spoken-answer.js'

/** A site and the key that chooses it. */
export interface SiteKey {
  readonly key: string
  readonly site: SiteName
}

/** "Please choose a site. For London, press 2. …" */
export function spokenSites(choices: readonly SiteKey[], { clip, recording }: Pick<Prompts, 'clip' | 'recording'>): readonly Clip[] {
  // A key alone would not tell the caller which site it is for, so a name without a recording is spelled.
  const words = choices.flatMap(({ key, site }) => ['for', ...nameWords(site, `site-${site}`, recording), 'press', `digit-${key}`])
  return [clip('choose-site'), ...words.flatMap((word) => recording(word) ?? [])]
}
