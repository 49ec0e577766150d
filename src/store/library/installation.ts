import type { Redis } from 'ioredis'
import { systemClock } from '../../base/clock.js'
import { AppError, errors, messageOf } from '../../base/errors.js'
import { redisTrouble } from '../connections/address-text.js'
import { atEveryPrimary } from '../connections/cluster.js'
import { clusterNeeds, type ReachableTarget } from '../connections/connection.js'
import { overOneShotConnection } from '../connections/one-shot.js'
import type { FunctionLibrary } from '../contract.js'
import { createKeys } from '../keys.js'
import { contentOf, hasContent, type InstalledLibrary, installedLibrary, load, olderNodes } from './installed-library.js'
import { refuseOldRedis } from './library.js'

export interface InstallationNeeds {
  readonly redis: ReachableTarget
  readonly network: string
  readonly functions: FunctionLibrary
  /** `now`: also while older nodes run. `force`: regardless of what Redis holds. */
  readonly override: 'nothing' | 'now' | 'force'
}

export type Installation =
  /** `before`: the previous version, 0 if there was none. `servers`: how many were loaded. */
  | { readonly outcome: 'INSTALLED'; readonly version: number; readonly before: number; readonly servers: number }
  | { readonly outcome: 'PRESENT'; readonly version: number }
  /** `option` overrides the refusal. */
  | { readonly outcome: 'REFUSED'; readonly reason: string; readonly option: '--now' | '--force' }

type Refusal = Extract<Installation, { outcome: 'REFUSED' }>

/**
 * Loads the function library, on every primary of a cluster. If one of them refuses, nothing is loaded.
 * @throws AppError COMMAND_REFUSED if Redis does not answer or the user may not load functions, STORE_TOO_OLD
 */
export async function installLibrary(needs: InstallationNeeds): Promise<Installation> {
  const { redis: target, network, functions, override } = needs
  const { tag } = createKeys(network)
  const found: InstalledLibrary[] = []
  const refusals: Refusal[] = []
  try {
    await atEveryServer(target, tag, async (redis) => {
      await refuseOldRedis(redis)
      const present = await installedLibrary(redis, functions, tag)
      found.push(present)
      const refusal = override === 'force' ? null : await refusalOf(redis, present, needs)
      if (refusal) refusals.push(refusal)
    })
    const [refusal] = refusals
    if (refusal) return refusal
    const lacking = found.filter(({ code }) => !hasContent(code, functions))
    const { version } = functions
    if (lacking.length === 0) return { outcome: 'PRESENT', version }
    await atEveryServer(target, tag, (redis) => load(redis, functions, 'replace'))
    return { outcome: 'INSTALLED', version, before: Math.max(...lacking.map((each) => each.version)), servers: lacking.length }
  } catch (fault) {
    throw explained(fault, target)
  }
}

async function refusalOf(redis: Redis, present: InstalledLibrary, { functions, override }: InstallationNeeds): Promise<Refusal | null> {
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
  const nodes = override === 'now' ? [] : await olderNodes(redis, functions)
  if (nodes.length === 0) return null
  const reason = `older nodes are running (${nodes.join(', ')}); with version ${version} in Redis they refuse logins until they are updated`
  return { outcome: 'REFUSED', option: '--now', reason }
}

async function atEveryServer(target: ReachableTarget, tag: string, work: (redis: Redis) => Promise<void>): Promise<void> {
  if (target.kind === 'cluster') return atEveryPrimary(clusterNeeds(target, tag), work)
  await overOneShotConnection({ target, tag, clock: systemClock }, work)
}

function explained(fault: unknown, target: ReachableTarget): unknown {
  if (fault instanceof AppError) return fault
  const trouble = redisTrouble(fault, target)
  const { says: reason, todo } = messageOf(fault).startsWith('NOPERM')
    ? { says: `${trouble.says}: it may not load functions`, todo: 'name a user that may: hotdesk redis install --user <name>' }
    : trouble
  return errors.COMMAND_REFUSED.libraryNotLoaded({ reason, todo }, fault)
}
