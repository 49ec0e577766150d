import { parseExtension } from '../../base/identity.js'
import { worksAt } from '../../directory/directory.js'
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
    .filter((key) => key.type === 'blf' && worksAt(key, plan.current.site))
    .map((key) => {
      const watched = watchedAt(key.target, needs)
      return {
        uri: sipUri({ user: key.target, host: domain }),
        name: key.target,
        label: key.label ?? labelOf(key.target, needs),
        watched: watched?.kind === 'list' ? null : watched,
      }
    })
}

function labelOf(target: string, { directory }: LampListNeeds): string {
  const extension = parseExtension(target)
  return (extension && directory.user(extension)?.name) ?? target
}
