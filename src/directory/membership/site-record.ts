import { isAppError } from '../../base/errors.js'
import type { SiteName } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { Store } from '../../store/store.js'
import { type SiteCodes, writeNamedCodes } from './site-codes.js'

/** The part of a site's dial plan that other sites need. */
export interface PublishedPlan {
  /** Emergency numbers of this site, which its users can dial at every site. */
  readonly emergency: readonly string[]
  /** The extension that no user may have because of this site's dial codes; '' or absent: none. */
  readonly reserved?: string
  /** Its direct numbers and their extensions, which a call may reach at every site; absent: none. */
  readonly dids?: readonly string[]
  /** Its profiles, by `writeProfiles`; '' or absent: none. */
  readonly profiles?: string
  /** IANA name of its time zone; null or absent: none. */
  readonly timezone?: string | null
  /** Null or absent: none. */
  readonly language?: Language | null
  /** Absent: none. */
  readonly codes?: SiteCodes
}

type FurtherField = 'dids' | 'profiles' | 'timezone' | 'language' | 'codes' | 'closedCodes'

/** The fields of a site's record that its nodes publish. */
export interface SiteRecord {
  /** Those that each heartbeat contains. Redis takes them at the start of a node, and if they are missing. */
  readonly inHeartbeat: Readonly<Record<'emergency' | 'reserved', string>>
  /** Replaces what is published, at the next update. */
  publish(changed: PublishedPlan): void
  /** Writes the fields if they have to be written. @throws AppError STORE_UNAVAILABLE */
  update(): Promise<void>
  /** Redis is connected: a write may have been lost, or the plan may have changed while Redis was away. */
  check(): void
  /** The record has changed. `lost`: it has to be written. */
  follow(): 'present' | 'lost'
}

export interface SiteRecordNeeds extends PublishedPlan {
  readonly store: Pick<Store, 'state' | 'replica' | 'putFields'>
  readonly site: SiteName
}

/** All nodes of a site publish the plan that they have. If their plans differ, the last one that was loaded counts. */
export function createSiteRecord({ store, site, ...published }: SiteRecordNeeds): SiteRecord {
  const key = `site:${site}`
  let plan = planFields(published)
  /** May be long, so heartbeats lack them. */
  let further = furtherFields(published)
  let isOutdated = store.state === 'connected' && !isPublished()
  /**
   * The record was last seen with our fields, or not at all. If it differs when Redis is back, a write was lost. Otherwise another node of the
   * site has published its plan after us.
   */
  let isOurs = true

  function isPublished(): boolean {
    const record = store.replica.hash(key)
    return Object.entries({ ...plan, ...further }).every(([name, text]) => (record?.get(name) ?? '') === text)
  }

  return {
    get inHeartbeat() {
      return plan
    },
    publish(changed) {
      plan = planFields(changed)
      further = furtherFields(changed)
      isOutdated = true
    },
    async update() {
      if (!isOutdated) return
      const [written, alsoWritten] = [plan, further]
      try {
        await store.putFields(key, { ...written, ...alsoWritten })
      } catch (fault) {
        // The key has another type, which the store reports. The node lives without the record, and tries again with its next heartbeat.
        if (isAppError(fault, 'STORE_PROTOCOL')) return
        throw fault
      }
      isOurs = true
      if (written === plan && alsoWritten === further) isOutdated = false
    },
    check() {
      if (isOurs && !isPublished()) isOutdated = true
    },
    follow() {
      if (store.state === 'connected') isOurs = isPublished()
      const record = store.replica.hash(key)
      if (!Object.entries(further).some(([name, text]) => text !== '' && record?.has(name) === false)) return 'present'
      isOutdated = true
      return 'lost'
    },
  }
}

function planFields({ emergency, reserved = '' }: PublishedPlan): Readonly<Record<'emergency' | 'reserved', string>> {
  return { emergency: emergency.join(' '), reserved }
}

function furtherFields({ dids = [], profiles = '', timezone, language, codes }: PublishedPlan): Readonly<Record<FurtherField, string>> {
  return {
    dids: dids.join(' '),
    profiles,
    timezone: timezone ?? '',
    language: language ?? '',
    codes: codes ? writeNamedCodes(codes) : '',
    closedCodes: codes?.closed.join(' ') ?? '',
  }
}
