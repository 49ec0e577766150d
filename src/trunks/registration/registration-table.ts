import { type Table, type TimerAction, timerActions } from '../../base/machine.js'

/**
 * Our registration at one trunk (RFC 3261 §10.2).
 * - off: this node does not register there.
 * - registering: the first REGISTER is in progress. refreshing: a later one is.
 * - registered: the trunk has accepted the latest REGISTER.
 * - waiting: it has not; the next attempt comes after a pause. An older binding may still be valid.
 * - leaving: the node gives the registration up while a REGISTER is in progress.
 * - removing: a REGISTER that removes the binding is in progress. returning: the same, and the node wants the registration back.
 */
export type RegistrationState = 'off' | 'registering' | 'registered' | 'refreshing' | 'waiting' | 'leaving' | 'removing' | 'returning'

/**
 * - begin: this node is to register. end: it no longer is.
 * - renew: our SIP server has restarted, so the trunk may have lost the connection to us.
 * - accepted, failed: the response to REGISTER. removed: the REGISTER that removes the binding has a response, or there was none to remove.
 */
export type RegistrationInput =
  | 'begin'
  | 'end'
  | 'renew'
  | 'accepted'
  | 'failed'
  | 'removed'
  | 'timer refresh'
  | 'timer retry'
  | 'timer expiry'

/** - register, remove: send a REGISTER. noteRegistered, noteFailed, noteExpired, noteOff: record the state. */
export type RegistrationStep = 'register' | 'remove' | 'noteRegistered' | 'noteFailed' | 'noteExpired' | 'noteOff'
export type RegistrationTimer = 'refresh' | 'retry' | 'expiry'
type RegistrationAction = RegistrationStep | TimerAction<RegistrationTimer>

const { start, stop } = timerActions<RegistrationTimer>('refresh', 'retry', 'expiry')
const accepted: readonly [RegistrationState, ...RegistrationAction[]] = ['registered', 'noteRegistered', start.refresh, start.expiry]
const failed: readonly [RegistrationState, ...RegistrationAction[]] = ['waiting', 'noteFailed', start.retry]

export const registrationTable: Table<RegistrationState, RegistrationInput, RegistrationAction> = {
  off: {
    begin: ['registering', 'register'],
  },
  registering: {
    accepted,
    failed,
    end: ['leaving'],
  },
  registered: {
    'timer refresh': ['refreshing', 'register'],
    'timer expiry': ['registered', 'noteExpired'],
    renew: ['refreshing', stop.refresh, 'register'],
    end: ['removing', stop.refresh, 'remove'],
  },
  refreshing: {
    accepted,
    failed,
    end: ['leaving'],
    'timer expiry': ['refreshing', 'noteExpired'],
  },
  waiting: {
    'timer retry': ['refreshing', 'register'],
    'timer expiry': ['waiting', 'noteExpired'],
    renew: ['refreshing', stop.retry, 'register'],
    end: ['removing', stop.retry, 'remove'],
  },
  leaving: {
    begin: ['refreshing'],
    accepted: ['removing', 'noteRegistered', 'remove'],
    failed: ['removing', 'remove'],
    'timer expiry': ['leaving', 'noteExpired'],
  },
  removing: {
    removed: ['off', stop.expiry, 'noteOff'],
    begin: ['returning'],
    'timer expiry': ['removing', 'noteExpired'],
  },
  returning: {
    removed: ['registering', stop.expiry, 'noteOff', 'register'],
    end: ['removing'],
    'timer expiry': ['returning', 'noteExpired'],
  },
}
