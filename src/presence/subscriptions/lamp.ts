import type { Language } from '../../base/language.js'
import { dialogInfo, dialogInfoType } from '../documents/dialog-info.js'
import { presenceDocument, presenceType } from '../documents/presence-document.js'
import type { LampRights } from '../watched/lamp-rights.js'
import { type LampState, lookOf } from '../watched/lamp-state.js'
import { type States, subjectOf, type Watcher } from '../watched/states.js'
import type { Watched } from '../watched/watched.js'

/** The event packages of lamps: RFC 4235, RFC 3856. */
export type LampEvent = 'dialog' | 'presence'

export const documentTypes: Readonly<Record<LampEvent, string>> = { dialog: dialogInfoType, presence: presenceType }

/** One watched address in a subscription. */
export interface Lamp {
  readonly uri: string
  /** The label of its key; `''` for a lamp that is not of a list. */
  readonly label: string
  /** What its state depends on; null: it cannot be watched. */
  readonly subject: string | null
  /** Whether it looks different from its latest document. */
  hasChanged(): boolean
  /** The document of its present state; null: it cannot be watched. */
  document(): string | null
  /** The number of documents so far, for the version of the next one. */
  readonly version: number
}

export interface LampParts {
  readonly uri: string
  readonly label: string
  /** The user part of the address. */
  readonly name: string
  readonly watched: Exclude<Watched, { kind: 'list' }> | null
  readonly event: LampEvent
  readonly by: Watcher
  readonly version: number
}

export interface LampNeeds {
  readonly states: Pick<States, 'of'>
  readonly rights: Pick<LampRights, 'shown' | 'mayWatch'>
  readonly domain: string
  readonly languageOf: (watcher: Watcher) => Language
}

export function createLamp(
  { uri, label, name, watched, event, by, version: first }: LampParts,
  { states, rights, domain, languageOf }: LampNeeds,
): Lamp {
  let version = first
  let lastCall: string | null = null
  let look: string | null = null
  /** A pick-up names the user, whatever code the key has. */
  const picked = watched?.kind === 'user' ? watched.user : name

  function now(): LampState | null {
    return watched && rights.mayWatch(watched, by) ? rights.shown(states.of(watched, by), by) : null
  }

  function lookNow(): string {
    const state = now()
    return state ? lookOf(state) : ''
  }

  return {
    uri,
    label,
    subject: watched && subjectOf(watched, by),
    hasChanged: () => lookNow() !== look,
    document() {
      const state = now()
      look = state ? lookOf(state) : ''
      if (!state) return null
      const parts = { entity: uri, state, name: picked, domain, language: languageOf(by) }
      const text = event === 'dialog' ? dialogInfo({ ...parts, version, lastCall }) : presenceDocument(parts)
      version += 1
      lastCall = state.call?.id ?? lastCall
      return text
    },
    get version() {
      return version
    },
  }
}
