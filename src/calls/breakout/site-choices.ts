import type { SiteChoice } from '../../dialplan/dialplan.js'
import type { Knowledge } from '../routing/contract.js'

/** The menu of the dial plan; without one, the other sites of the network by name, as far as there are keys. */
export function siteChoices({ dialplan, directory }: Pick<Knowledge, 'dialplan' | 'directory'>): readonly SiteChoice[] {
  const { menu, freeKeys } = dialplan.breakOut
  if (menu.length > 0) return menu
  const others = directory.sites().flatMap(({ id }) => (id === dialplan.site ? [] : [id]))
  return others.sort().flatMap((site, index) => {
    const key = freeKeys[index]
    return key === undefined ? [] : [{ key, site }]
  })
}

/** `2 london, 3 oslo` */
export function siteKeys(choices: readonly SiteChoice[]): string {
  return choices.map(({ key, site }) => `${key} ${site}`).join(', ')
}
