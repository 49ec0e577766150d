/**
 * The refresh of one phone, from the wish to its end.
 * - idle: nothing to do.
 * - settling: the assignment is fresh, or the phone has just hung up or registered: it is given a moment.
 * - held: it is in a call, or in the quiet time after an emergency call.
 * - sending: NOTIFY is out. overtaken: so it is, but meanwhile the assignment has changed again.
 * - resting: between two tries.
 */
export const refreshStates = ['idle', 'settling', 'held', 'sending', 'overtaken', 'resting'] as const
export type RefreshState = (typeof refreshStates)[number]

/**
 * - wanted: the phone shall show something new. registered: it has registered, with a refresh still owed to it.
 * - free: its call or its quiet time is over.
 * - due: the moment or the rest is over and nothing stands against the NOTIFY; blocked: a call does; gone: it is not registered here.
 * - confirmed, refused, silent, failed: the answer to the NOTIFY; spent: one of the last two, and no tries are left.
 */
export const refreshInputs = [
  'wanted',
  'registered',
  'free',
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
 * - begin: all tries are open again; note pending. lastTry: only one is.
 * - settle, rest: start that timer. notify: send.
 * - noteSent, noteUnconfirmed, noteStale: write what became of it.
 */
export type RefreshAction = 'begin' | 'lastTry' | 'settle' | 'rest' | 'notify' | 'noteSent' | 'noteUnconfirmed' | 'noteStale'

export type RefreshRow = Partial<Record<RefreshInput, readonly [RefreshState, ...RefreshAction[]]>>

const anew = ['settling', 'begin', 'settle'] as const

/** An input that a state does not name changes nothing. */
export const refreshTable: Readonly<Record<RefreshState, RefreshRow>> = {
  idle: {
    wanted: anew,
    registered: ['settling', 'lastTry', 'settle'],
  },
  settling: {
    wanted: anew,
    due: ['sending', 'notify'],
    blocked: ['held'],
    gone: ['idle'],
  },
  held: {
    wanted: ['held', 'begin'],
    free: ['settling', 'settle'],
    registered: ['settling', 'settle'],
    gone: ['idle'],
  },
  sending: {
    wanted: ['overtaken'],
    confirmed: ['idle', 'noteSent'],
    // The phone takes no unsolicited NOTIFY and will not do so in two seconds either; whether it fetches decides.
    refused: ['idle', 'noteUnconfirmed'],
    silent: ['resting', 'noteUnconfirmed', 'rest'],
    failed: ['resting', 'rest'],
    spent: ['idle', 'noteStale'],
  },
  overtaken: {
    confirmed: anew,
    refused: anew,
    silent: anew,
    failed: anew,
    spent: anew,
  },
  resting: {
    wanted: anew,
    due: ['sending', 'notify'],
    blocked: ['held'],
    gone: ['idle'],
  },
}
