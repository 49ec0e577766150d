import { parseExtension } from '../../base/identity.js'
import { type UserKey, worksAt } from '../../directory/directory.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import type { Watcher } from '../watched/states.js'
import { type WatchedNeeds, watchedAt } from '../watched/watched.js'
import type { LampParts } from './lamp.js'

export interface LampListNeeds extends WatchedNeeds {
  readonly domain: string
}

export type ListedKey = Pick<LampParts, 'uri' | 'label' | 'name' | 'watched'>

/** The lamps of a user's keys that work at this site, in the order of the keys. */
export function listedKeys({ user }: Watcher, needs: LampListNeeds): readonly ListedKey[] {
  const { directory, plan, domain } = needs
  const keys = (user && directory.user(user)?.keys) ?? []
  return keys
    .filter((key) => worksAt(key, plan.current.site))
    .flatMap((key) => {
      const name = nameOf(key, needs)
      if (name === null) return []
      const watched = watchedAt(name, needs)
      return {
        uri: sipUri({ user: name, host: domain }),
        name,
        label: key.label ?? labelOf(name, needs),
        watched: watched?.kind === 'list' ? null : watched,
      }
    })
}

/** What the key dials and watches; null: it has no lamp here. An orbit and a number are behind a code of the site. */
function nameOf({ type, target }: UserKey, { plan }: LampListNeeds): string | null {
  if (type === 'blf') return target
  const feature = featuresWithLamp[type]
  const code = feature === undefined ? undefined : plan.current.phoneCodes.named.get(feature)
  return code === undefined ? null : `${code}${target}`
}

const featuresWithLamp: Readonly<Partial<Record<UserKey['type'], string>>> = {
  park: 'park',
  forward: 'forward-always-toggle',
  dnd: 'do-not-disturb-toggle',
}

function labelOf(target: string, { directory }: LampListNeeds): string {
  const extension = parseExtension(target)
  return (extension && directory.user(extension)?.name) ?? target
}
