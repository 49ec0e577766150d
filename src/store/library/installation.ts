import type { Redis } from 'ioredis'
import { systemClock } from '../../base/clock.js'
import { AppError, errors, messageOf } from '../../base/errors.js'
import { redisTrouble } from '../connections/address-text.js'
import { atEveryPrimary } from '../connections/cluster.js'
import { clusterNeeds, type ReachableTarget } from '../connections/connection.js'
import { overOwnConnection } from '../connections/one-shot.js'
import type { FunctionLibrary } from '../contract.js'
import { createKeys } from '../keys.js'
import { refuseOldRedis } from './library.js'
import { contentOf, hasContent, load, olderNodes, type Presence, presenceOf } from './presence.js'

export interface InstallationNeeds {
  readonly redis: ReachableTarget
  readonly network: string
  readonly functions: FunctionLibrary
  /** `now`: while older nodes live. `force`: whatever Redis holds. */
  readonly insists: 'nothing' | 'now' | 'force'
}

export type Installation =
  /** `before` is 0 where there was none; `servers` have been given it. */
  | { readonly outcome: 'INSTALLED'; readonly version: number; readonly before: number; readonly servers: number }
  | { readonly outcome: 'PRESENT'; readonly version: number }
  /** `option` does it all the same. */
  | { readonly outcome: 'REFUSED'; readonly reason: string; readonly option: '--now' | '--force' }

type Refusal = Extract<Installation, { outcome: 'REFUSED' }>

/**
 * Loads the function library, at every primary of a cluster. Nothing is loaded where one of them refuses.
 * @throws AppError COMMAND_REFUSED where Redis does not answer or the user may not load functions, STORE_TOO_OLD
 */
export async function installLibrary(needs: InstallationNeeds): Promise<Installation> {
  const { redis: place, network, functions, insists } = needs
  const { tag } = createKeys(network)
  const found: Presence[] = []
  const refusals: Refusal[] = []
  try {
    await atEveryServer(place, tag, async (redis) => {
      await refuseOldRedis(redis)
      const present = await presenceOf(redis, functions, tag)
      found.push(present)
      const refusal = insists === 'force' ? null : await refusalOf(redis, present, needs)
      if (refusal) refusals.push(refusal)
    })
    const [refusal] = refusals
    if (refusal) return refusal
    const lacking = found.filter(({ code }) => !hasContent(code, functions))
    const { version } = functions
    if (lacking.length === 0) return { outcome: 'PRESENT', version }
    await atEveryServer(place, tag, (redis) => load(redis, functions, 'replace'))
    return { outcome: 'INSTALLED', version, before: Math.max(...lacking.map((each) => each.version)), servers: lacking.length }
  } catch (fault) {
    throw explained(fault, place)
  }
}

async function refusalOf(redis: Redis, present: Presence, { functions, insists }: InstallationNeeds): Promise<Refusal | null> {
  const { version, code } = functions
  if (present.code === null || hasContent(present.code, functions)) return null
  const holds = `Redis holds version ${present.version} of the function library`
  if (present.version > version)
    return { outcome: 'REFUSED', option: '--force', reason: `${holds}, this program has ${version}; nodes of that version would lose it` }
  if (present.version === version) {
    const [theirs, ours] = [contentOf(present.code), contentOf(code)]
    const reason = `${holds} with other content (${theirs}) than this program (${ours}): one of the two is a changed copy of hotdesk`
    return { outcome: 'REFUSED', option: '--force', reason }
  }
  const nodes = insists === 'now' ? [] : await olderNodes(redis, functions)
  if (nodes.length === 0) return null
  const reason = `older nodes are running (${nodes.join(', ')}); with version ${version} in Redis they refuse logins until they are updated`
  return { outcome: 'REFUSED', option: '--now', reason }
}

async function atEveryServer(place: ReachableTarget, tag: string, work: (redis: Redis) => Promise<void>): Promise<void> {
  if (place.kind === 'cluster') return atEveryPrimary(clusterNeeds(place, tag), work)
  await overOwnConnection({ place, tag, clock: systemClock }, work)
}

function explained(fault: unknown, place: ReachableTarget): unknown {
  if (fault instanceof AppError) return fault
  const trouble = redisTrouble(fault, place)
  const { says: reason, todo } = messageOf(fault).startsWith('NOPERM')
    ? { says: `${trouble.says}: it may not load functions`, todo: 'name a user that may: hotdesk redis install --user <name>' }
    : trouble
  return errors.COMMAND_REFUSED.libraryNotLoaded({ reason, todo }, fault)
}
