import type { Redis } from 'ioredis'
import { AppError, errors, messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { FunctionLibrary, Loading } from '../contract.js'
import type { Keys } from '../keys.js'
import { codeIn, contentOf, hasContent, type InstalledLibrary, installedLibrary, load, olderNodes, versionIn } from './installed-library.js'

/** Our functions in Redis. Networks on the same server share them, because library names are global. */
export interface Library {
  /**
   * Makes sure that Redis has this program's library, and loads it if `Loading` allows.
   * @throws AppError STORE_NEWER if Redis has a newer one, STORE_FUNCTIONS if an operator has to load it, STORE_TOO_OLD if Redis does not
   * support functions, STORE_UNAVAILABLE while older nodes are alive
   */
  ensure(): Promise<void>
  /** True if Redis has this program's library. If it is missing, `ensure` is tried. */
  isInPlace(): Promise<boolean>
  /** Why the library in Redis cannot be used; null: it can be used, or Redis has not answered yet. */
  readonly trouble: string | null
  /** True if this program has loaded it. */
  readonly hasLoaded: boolean
}

export interface LibraryNeeds {
  readonly redis: Redis
  readonly keys: Keys
  readonly library: FunctionLibrary
  readonly loading: Loading
  readonly log: Logger
  readonly metrics: Pick<Metrics, 'libraryLoadsTotal' | 'libraryMismatch'>
}

/** The version is compared at each health check, the content at every third. */
const contentEvery = 3

export function createLibrary({ redis, keys, library, loading, log, metrics }: LibraryNeeds): Library {
  let trouble: string | null = null
  let hasLoaded = false
  let checks = 0
  let isOurs = true

  async function ensure(): Promise<void> {
    try {
      await refuseOldRedis(redis)
      await replaceIfAllowed(await installedLibrary(redis, library, keys.tag))
      note(null)
      isOurs = true
    } catch (fault) {
      if (fault instanceof AppError) note(fault.message)
      throw fault
    }
  }

  function note(found: string | null): void {
    trouble = found
    metrics.libraryMismatch.set(found === null ? 0 : 1)
  }

  async function replaceIfAllowed(present: InstalledLibrary): Promise<void> {
    if (hasContent(present.code, library)) return
    if (present.code === null) return addMissing()
    if (present.version > library.version) throw newer(present, library)
    if (present.version === library.version && loading !== 'own') throw otherContent(present.code, library)
    if (loading === 'check') throw older(present, library)
    await refuseWhileInUse(present.version)
    await loadIt('replace', present.version)
  }

  async function addMissing(): Promise<void> {
    if (loading === 'check' && !(await isEmptyNetwork(redis, keys.tag))) throw missing(library)
    await loadIt('add', 0)
  }

  async function loadIt(how: 'add' | 'replace', before: number): Promise<void> {
    try {
      await load(redis, library, how)
    } catch (fault) {
      // Another node was faster; `ensure` is repeated and finds the library.
      if (messageOf(fault).startsWith('NOPERM')) throw mayNotLoad(library, fault)
      throw fault
    }
    hasLoaded = true
    metrics.libraryLoadsTotal.inc()
    const { name, version } = library
    log.info({ event: 'store.functions', before, version, content: contentOf(library.code) }, `function library "${name}" loaded`)
  }

  /** An older node would receive replies that it does not know. */
  async function refuseWhileInUse(found: number): Promise<void> {
    const nodes = await olderNodes(redis, library)
    if (nodes.length === 0) return
    throw errors.STORE_UNAVAILABLE.olderNodes({ found, name: library.name, nodes: nodes.join(', ') })
  }

  async function hasOurContent(): Promise<boolean> {
    checks += 1
    if (checks % contentEvery === 0) isOurs = hasContent(await codeIn(redis, library.name), library)
    return isOurs
  }

  return {
    ensure,
    async isInPlace() {
      const found = await versionIn(redis, library.name, keys.tag)
      if (found === 0) await ensure()
      const isThere = (found === 0 || found === library.version) && (await hasOurContent())
      // An operator has loaded it between two checks.
      if (isThere && trouble !== null) note(null)
      return isThere
    },
    get trouble() {
      return trouble
    },
    get hasLoaded() {
      return hasLoaded
    },
  }
}

/** Loads the library into a server without one: our slot may move to another primary of the cluster. */
export async function loadWhereMissing(redis: Redis, library: FunctionLibrary): Promise<void> {
  if ((await codeIn(redis, library.name)) === null) await load(redis, library, 'add')
}

/** @throws AppError STORE_TOO_OLD */
export async function refuseOldRedis(redis: Redis): Promise<void> {
  const version = /^redis_version:(\d+)\S*/m.exec(await redis.info('server'))
  if (version && Number(version[1]) < 7) throw errors.STORE_TOO_OLD.noFunctions({ version: version[0].slice('redis_version:'.length) })
}

async function isEmptyNetwork(redis: Redis, tag: string): Promise<boolean> {
  for await (const page of redis.scanStream({ match: `${tag}:*`, count: 1_000 }) as AsyncIterable<readonly string[]>)
    if (page.length > 0) return false
  return true
}

function missing({ name }: FunctionLibrary): AppError {
  return errors.STORE_FUNCTIONS.missing({ name })
}

function mayNotLoad({ name }: FunctionLibrary, fault: unknown): AppError {
  return errors.STORE_FUNCTIONS.notAllowed({ name }, fault)
}

function older({ version: found }: InstalledLibrary, { name, version }: FunctionLibrary): AppError {
  return errors.STORE_FUNCTIONS.older({ found, name, version })
}

function newer({ version: found }: InstalledLibrary, { name, version }: FunctionLibrary): AppError {
  return errors.STORE_NEWER.newer({ found, name, version })
}

function otherContent(found: string, { name, version, code }: FunctionLibrary): AppError {
  return errors.STORE_FUNCTIONS.changed({ version, name, theirs: contentOf(found), ours: contentOf(code) })
}
