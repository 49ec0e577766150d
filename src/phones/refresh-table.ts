import { type Table, type TimerAction, timerActions } from '../base/machine.js'

/**
 * The refresh of one phone, from its trigger to its end.
 * - idle: nothing to do.
 * - settling: a short pause after the assignment has changed, or the phone has hung up or registered.
 * - looking: the pause is over. Can a NOTIFY go out now?
 * - held: the phone is in a call, or in the quiet time after an emergency call.
 * - sending: a NOTIFY is in progress. overtaken: the same, and the assignment has changed again meanwhile.
 * - resting: between two attempts.
 */
export const refreshStates = ['idle', 'settling', 'looking', 'held', 'sending', 'overtaken', 'resting'] as const
export type RefreshState = (typeof refreshStates)[number]

/**
 * - wanted: the phone has something new to show. registered: it has registered, and a refresh is still due.
 * - free: its call or its quiet time is over.
 * - due: a NOTIFY can go out. blocked: a call or a quiet time forbids it. gone: the phone is not registered here.
 * - confirmed, refused, silent, failed: the response to the NOTIFY. spent: silent or failed, and no attempts are left.
 */
export const refreshInputs = [
  'wanted',
  'registered',
  'free',
  'timer settle',
  'timer rest',
  'due',
  'blocked',
  'gone',
  'confirmed',
  'refused',
  'silent',
  'failed',
  'spent',
] as const
export type RefreshInput = (typeof refreshInputs)[number]

/**
 * - begin: all attempts are available again; note pending. lastTry: only one is.
 * - look: find out whether a NOTIFY can go out. notify: send it.
 * - noteSent, noteUnconfirmed, noteStale: record the outcome.
 */
export type RefreshStep = 'begin' | 'lastTry' | 'look' | 'notify' | 'noteSent' | 'noteUnconfirmed' | 'noteStale'

export type RefreshTimer = 'settle' | 'rest'
export type RefreshAction = RefreshStep | TimerAction<RefreshTimer>

const { start, stop } = timerActions<RefreshTimer>('settle', 'rest')
const again: readonly [RefreshState, ...RefreshAction[]] = ['settling', 'begin', start.settle]

export const refreshTable: Table<RefreshState, RefreshInput, RefreshAction> = {
  idle: {
    wanted: again,
    registered: ['settling', 'lastTry', start.settle],
  },
  settling: {
    wanted: again,
    'timer settle': ['looking', 'look'],
  },
  looking: {
    wanted: again,
    due: ['sending', 'notify'],
    blocked: ['held'],
    gone: ['idle'],
  },
  held: {
    wanted: ['held', 'begin'],
    free: ['settling', start.settle],
    registered: ['settling', start.settle],
  },
  sending: {
    wanted: ['overtaken'],
    confirmed: ['idle', 'noteSent'],
    // The phone does not accept an unsolicited NOTIFY, so another attempt is pointless. The next login or logout tries again.
    refused: ['idle', 'noteUnconfirmed'],
    silent: ['resting', 'noteUnconfirmed', start.rest],
    failed: ['resting', start.rest],
    spent: ['idle', 'noteStale'],
  },
  overtaken: {
    confirmed: again,
    refused: again,
    silent: again,
    failed: again,
    spent: again,
  },
  resting: {
    wanted: ['settling', 'begin', stop.rest, start.settle],
    'timer rest': ['looking', 'look'],
  },
}
