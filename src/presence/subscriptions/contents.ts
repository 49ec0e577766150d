import type { NotifiedState } from '../../srf/srf.js'
import { resourceList } from '../documents/resource-list.js'
import { createLamp, documentTypes, type Lamp, type LampNeeds, type LampParts } from './lamp.js'
import { type LampListNeeds, type ListedKey, listedKeys } from './lamp-list.js'

/** What a subscription reports. `next` is null if it cannot be watched any more. */
export interface Contents extends NotifiedState {
  /** What it depends on. */
  readonly subjects: readonly string[]
  /** For the next body. */
  readonly version: number
}

export type ContentsNeeds = LampNeeds & LampListNeeds

/** One lamp. */
export function lampContents(parts: LampParts, needs: LampNeeds): Contents {
  const lamp = createLamp(parts, needs)
  return {
    subjects: lamp.subject === null ? [] : [lamp.subject],
    hasChanged: lamp.hasChanged,
    next() {
      const body = lamp.document()
      return body === null ? null : { type: documentTypes[parts.event], body, headers: {} }
    },
    get version() {
      return lamp.version
    },
  }
}

/**
 * All lamps of a user (RFC 4662). The first body has them all, and so has the one after each SUBSCRIBE (§5.2); the others have those that have
 * changed.
 */
export function listContents(
  { uri, event, by, version: first }: Omit<LampParts, 'label' | 'name' | 'watched'>,
  needs: ContentsNeeds,
): Contents {
  let version = first
  let keys: readonly ListedKey[] = []
  let lamps: readonly Lamp[] = []
  follow()

  /** True: the keys of the user are others than before. */
  function follow(): boolean {
    const now = listedKeys(by, needs)
    if (lamps.length === now.length && now.every((key, index) => isSame(key, keys[index]))) return false
    keys = now
    lamps = now.map((key) => createLamp({ ...key, event, by, version: first }, needs))
    return true
  }

  return {
    get subjects() {
      return [`user ${by.user ?? ''}`, ...lamps.flatMap(({ subject }) => subject ?? [])]
    },
    hasChanged: () => follow() || lamps.some((lamp) => lamp.hasChanged()),
    next(what) {
      const isFull = follow() || what === 'all' || version === first
      const shown = isFull ? lamps : lamps.filter((lamp) => lamp.hasChanged())
      const listed = shown.map((lamp) => ({ uri: lamp.uri, name: lamp.label, document: lamp.document() }))
      const made = resourceList({ uri, version, isFull, lamps: listed, type: documentTypes[event], domain: needs.domain })
      version += 1
      return { ...made, headers: { Require: 'eventlist' } }
    },
    get version() {
      return version
    },
  }
}

function isSame(one: ListedKey, other: ListedKey | undefined): boolean {
  return one.uri === other?.uri && one.label === other.label
}
