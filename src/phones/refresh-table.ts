import { type Table, type TimerAction, timerActions } from '../base/machine.js'

/**
 * The refresh of one phone, from its trigger to its end.
 * - idle: nothing to do.
 * - settling: a short pause after the assignment has changed, or the phone has hung up or registered.
 * - looking: the pause is over. Can a NOTIFY go out now?
 * - held: the phone is in a call, or in the quiet time after an emergency call.
 * - sending: a NOTIFY is in progress. overtaken: the same, and the assignment has changed again meanwhile.
 * - watching: the phone gets its configuration from this network, and should fetch it now.
 * - late: it has not. Is anything left to try?
 * - resting: between two attempts.
 */
export const refreshStates = ['idle', 'settling', 'looking', 'held', 'sending', 'overtaken', 'watching', 'late', 'resting'] as const
export type RefreshState = (typeof refreshStates)[number]

/**
 * - wanted: the phone has something new to show. registered: it has registered, and a refresh is still due.
 * - free: its call or its quiet time is over.
 * - due: a NOTIFY can go out. blocked: a call or a quiet time forbids it. gone: the phone is not registered here.
 * - confirmed, refused, silent, failed: the response to the NOTIFY. spent: silent or failed, and no attempts are left.
 * - watch: the response does not matter, because the fetch decides. reboot: no fetch, and no attempts are left but this.
 * - fetched: the phone has fetched the configuration that it must show now.
 */
export const refreshInputs = [
  'wanted',
  'registered',
  'free',
  'timer settle',
  'timer rest',
  'timer fetch',
  'due',
  'blocked',
  'gone',
  'confirmed',
  'refused',
  'silent',
  'failed',
  'spent',
  'watch',
  'reboot',
  'fetched',
] as const
export type RefreshInput = (typeof refreshInputs)[number]

/**
 * - begin: all attempts are available again; note pending. lastTry: only one is.
 * - look: find out whether a NOTIFY can go out. notify: send it.
 * - decide: find out what is left to try.
 * - noteSent, noteUnconfirmed, noteFetched, noteStale: record the outcome.
 */
export type RefreshStep = 'begin' | 'lastTry' | 'look' | 'notify' | 'decide' | 'noteSent' | 'noteUnconfirmed' | 'noteFetched' | 'noteStale'

export type RefreshTimer = 'settle' | 'rest' | 'fetch'
export type RefreshAction = RefreshStep | TimerAction<RefreshTimer>

const { start, stop } = timerActions<RefreshTimer>('settle', 'rest', 'fetch')
const again: readonly [RefreshState, ...RefreshAction[]] = ['settling', 'begin', start.settle]

export const refreshTable: Table<RefreshState, RefreshInput, RefreshAction> = {
  idle: {
    wanted: again,
    registered: ['settling', 'lastTry', start.settle],
    fetched: ['idle', 'noteFetched'],
  },
  settling: {
    wanted: again,
    fetched: ['idle', stop.settle, 'noteFetched'],
    'timer settle': ['looking', 'look'],
  },
  looking: {
    wanted: again,
    fetched: ['idle', 'noteFetched'],
    due: ['sending', 'notify'],
    blocked: ['held'],
    gone: ['idle'],
  },
  held: {
    wanted: ['held', 'begin'],
    fetched: ['idle', 'noteFetched'],
    free: ['settling', start.settle],
    registered: ['settling', start.settle],
  },
  sending: {
    wanted: ['overtaken'],
    fetched: ['idle', 'noteFetched'],
    confirmed: ['idle', 'noteSent'],
    // The phone does not accept an unsolicited NOTIFY, so another attempt is pointless. The next login or logout tries again.
    refused: ['idle', 'noteUnconfirmed'],
    watch: ['watching', start.fetch],
    silent: ['resting', 'noteUnconfirmed', start.rest],
    failed: ['resting', start.rest],
    spent: ['idle', 'noteStale'],
  },
  overtaken: {
    fetched: ['idle', 'noteFetched'],
    confirmed: again,
    refused: again,
    watch: again,
    silent: again,
    failed: again,
    spent: again,
  },
  watching: {
    wanted: ['settling', 'begin', stop.fetch, start.settle],
    fetched: ['idle', stop.fetch, 'noteFetched'],
    'timer fetch': ['late', 'decide'],
  },
  late: {
    wanted: again,
    fetched: ['idle', 'noteFetched'],
    silent: ['resting', 'noteUnconfirmed', start.rest],
    reboot: ['looking', 'look'],
    spent: ['idle', 'noteStale'],
  },
  resting: {
    wanted: ['settling', 'begin', stop.rest, start.settle],
    fetched: ['idle', stop.rest, 'noteFetched'],
    'timer rest': ['looking', 'look'],
  },
}
