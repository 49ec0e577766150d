import type { Table } from '../../base/machine.js'

/** The states of the PIN dialogue. */
export type State =
  | 'new'
  | 'asking extension'
  | 'awaiting extension'
  | 'taking extension'
  | 'asking pin'
  | 'awaiting pin'
  | 'taking pin'
  | 'checking'
  | 'trying again'
  | 'concluding'
  | 'over'

export type Input =
  /** The extension was dialled, or the caller has to enter it. */
  | 'extension known'
  | 'extension wanted'
  | 'prompt over'
  | 'digit'
  /** The entry has its maximum length. */
  | 'full'
  | 'hash'
  | 'star'
  | 'time is up'
  | 'granted'
  | 'denied'
  /** Another try would not help. */
  | 'refused'
  | 'try extension'
  | 'try pin'
  | 'no tries left'
  /** No tries left, and nothing was entered in the last one. */
  | 'given up'
  | 'caller gone'
  /** We end the call: the phone is silent, or the node stops. */
  | 'cut off'

export type Action =
  | 'say ask-extension'
  | 'say ask-pin'
  | 'say wrong'
  | 'say outcome'
  | 'say goodbye'
  /** Plays the prompts collected by `say …`. */
  | 'speak'
  | 'hush'
  | 'keep digit'
  | 'forget digits'
  | 'take extension'
  | 'await first digit'
  | 'await next digit'
  | 'stop waiting'
  | 'check'
  | 'spend a try'
  | 'report abandoned'
  | 'hang up'

type Row = Table<State, Input, Action>[State]

const leaving: Row = {
  'caller gone': ['over', 'hush', 'stop waiting', 'forget digits', 'report abandoned'],
  'cut off': ['over', 'hush', 'stop waiting', 'forget digits', 'report abandoned', 'hang up'],
}

/** After the check the outcome stands, so the login is not reported as abandoned. */
const leavingChecked: Row = {
  'caller gone': ['over', 'hush', 'stop waiting', 'forget digits'],
  'cut off': ['over', 'hush', 'stop waiting', 'forget digits', 'hang up'],
}

const askForExtension: readonly [State, ...Action[]] = ['asking extension', 'say ask-extension', 'speak']
const askForPin: readonly [State, ...Action[]] = ['asking pin', 'say ask-pin', 'speak']
const extensionTaken: readonly [State, ...Action[]] = ['asking pin', 'stop waiting', 'take extension', 'say ask-pin', 'speak']
const pinTaken: readonly [State, ...Action[]] = ['checking', 'stop waiting', 'check']

/**
 * States down, inputs across: the next state and the actions of the transition. An input that is missing from a row changes nothing. A `#`
 * before the first digit only cuts the prompt short; `*` restarts the entry.
 */
export const table: Table<State, Input, Action> = {
  new: {
    'extension known': askForPin,
    'extension wanted': askForExtension,
    ...leaving,
  },
  'asking extension': {
    'prompt over': ['awaiting extension', 'await first digit'],
    digit: ['taking extension', 'hush', 'keep digit', 'await next digit'],
    hash: ['awaiting extension', 'hush', 'await first digit'],
    star: ['awaiting extension', 'hush', 'await first digit'],
    ...leaving,
  },
  'awaiting extension': {
    digit: ['taking extension', 'keep digit', 'await next digit'],
    'time is up': ['trying again', 'spend a try'],
    ...leaving,
  },
  'taking extension': {
    digit: ['taking extension', 'keep digit', 'await next digit'],
    full: extensionTaken,
    star: ['awaiting extension', 'forget digits', 'await first digit'],
    hash: extensionTaken,
    'time is up': extensionTaken,
    ...leaving,
  },
  'asking pin': {
    'prompt over': ['awaiting pin', 'await first digit'],
    digit: ['taking pin', 'hush', 'keep digit', 'await next digit'],
    hash: ['awaiting pin', 'hush', 'await first digit'],
    star: ['awaiting pin', 'hush', 'await first digit'],
    ...leaving,
  },
  'awaiting pin': {
    digit: ['taking pin', 'keep digit', 'await next digit'],
    'time is up': ['trying again', 'spend a try'],
    ...leaving,
  },
  'taking pin': {
    digit: ['taking pin', 'keep digit', 'await next digit'],
    full: pinTaken,
    star: ['awaiting pin', 'forget digits', 'await first digit'],
    hash: pinTaken,
    'time is up': pinTaken,
    ...leaving,
  },
  checking: {
    granted: ['concluding', 'say outcome', 'speak'],
    denied: ['trying again', 'say wrong', 'spend a try'],
    refused: ['concluding', 'say outcome', 'say goodbye', 'speak'],
    ...leavingChecked,
  },
  'trying again': {
    'try extension': askForExtension,
    'try pin': askForPin,
    'no tries left': ['concluding', 'say goodbye', 'speak'],
    'given up': ['concluding', 'report abandoned', 'say goodbye', 'speak'],
    ...leaving,
  },
  concluding: {
    'prompt over': ['over', 'hang up'],
    ...leavingChecked,
  },
  over: {},
}
