import { createEmitter } from '../../base/emitter.js'
import type { DeviceId, Extension } from '../../base/identity.js'
import type { Logger } from '../../base/logger.js'
import type { Directory, Forwards } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { CallLamps } from '../lamps/call-lamps.js'
import type { ShownCall } from '../lamps/shown-call.js'
import type { LampState } from './lamp-state.js'
import type { Watched } from './watched.js'

/** The phone that watches, and its user. */
export interface Watcher {
  readonly device: DeviceId
  readonly user: Extension | null
}

/** The present state of everything that a lamp can show. */
export interface States {
  of(watched: Exclude<Watched, { kind: 'list' }>, by: Watcher): LampState
  /** The state of what depends on this user or phone may have changed. */
  onChange(listener: (subject: Subject) => void): () => void
  close(): void
}

/** `user 100`, `user park.paris.1` (an orbit), `device HD0001` */
export type Subject = string

export interface StatesNeeds {
  readonly directory: Pick<Directory, 'user' | 'device' | 'ownedBy' | 'onUserChange'>
  readonly hotdesk: Pick<Hotdesk, 'devicesOf' | 'userOn' | 'onChange'>
  readonly calls: Pick<CallLamps, 'callsOf' | 'onChange'>
  readonly log: Logger
}

/** What the state depends on. */
export function subjectOf(watched: Exclude<Watched, { kind: 'list' }>, { device, user }: Watcher): Subject {
  switch (watched.kind) {
    case 'user':
      return `user ${watched.user}`
    case 'device':
      return `device ${watched.device}`
    case 'orbit':
      return `user ${watched.lamp}`
    case 'seat':
      return `device ${device}`
    case 'do-not-disturb':
    case 'forward':
      return `user ${user ?? ''}`
  }
}

export function createStates({ directory, hotdesk, calls, log }: StatesNeeds): States {
  const changed = createEmitter<[Subject]>((err) => log.error({ event: 'node.fault', err }, 'a listener of lamps failed'))

  function ofUser(extension: Extension): LampState {
    const shown = ofCalls(calls.callsOf(extension))
    if (shown) return shown
    if (directory.user(extension)?.doNotDisturb) return state('do-not-disturb')
    return isAtPhone(extension) ? state('idle') : state('not-logged-in')
  }

  /** At a phone of their own, too, unless another user is logged in at it. */
  function isAtPhone(extension: Extension): boolean {
    return hotdesk.devicesOf(extension).length > 0 || directory.ownedBy(extension).some(({ id }) => hotdesk.userOn(id) === null)
  }

  function hasForward(user: Extension | null, when: keyof Forwards, numbers: readonly string[]): boolean {
    const target = (user && directory.user(user)?.forwards[when]) ?? null
    return target !== null && (numbers.length === 0 || numbers.includes(target))
  }

  function seatChanged(device: DeviceId, users: readonly (Extension | null)[]): void {
    changed.emit(`device ${device}`)
    const owner = directory.device(device)?.owner ?? null
    for (const user of new Set([...users, owner])) if (user !== null) changed.emit(`user ${user}`)
  }

  const stops = [
    calls.onChange((lamp) => changed.emit(`user ${lamp}`)),
    hotdesk.onChange(({ device, before, after }) => seatChanged(device, [before, after])),
    directory.onUserChange((extension) => changed.emit(`user ${extension}`)),
  ]

  return {
    of(watched, { device, user }) {
      switch (watched.kind) {
        case 'user':
          return ofUser(watched.user)
        case 'device':
          return state(hotdesk.userOn(watched.device) === null ? 'free' : 'occupied')
        case 'orbit':
          return ofCalls(calls.callsOf(watched.lamp)) ?? state('idle')
        case 'seat':
          return state(hotdesk.userOn(device) === null ? 'off' : 'on')
        case 'do-not-disturb':
          return state(user && directory.user(user)?.doNotDisturb ? 'on' : 'off')
        case 'forward':
          return state(hasForward(user, watched.when, watched.numbers) ? 'on' : 'off')
      }
    },
    onChange: changed.on,
    close() {
      for (const stop of stops) stop()
    },
  }
}

function state(word: LampState['word'], call: ShownCall | null = null): LampState {
  return { word, call }
}

/** A call that rings comes first, so that it can be picked up while its user talks. */
function ofCalls([first]: readonly ShownCall[]): LampState | null {
  return first ? state(first.state === 'ringing' ? 'ringing' : 'busy', first) : null
}
