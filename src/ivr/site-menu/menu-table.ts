import type { Table } from '../../base/machine.js'

/** The states of the dialogue that asks for a site and a number. */
export type State =
  | 'new'
  | 'asking site'
  | 'awaiting site'
  | 'taking help'
  | 'site taken'
  | 'asking number'
  | 'awaiting number'
  | 'taking number'
  | 'judging help'
  | 'judging'
  | 'trying again'
  | 'concluding'
  | 'over'

export type Input =
  /** The code names a site, or the caller has to choose one. */
  | 'site known'
  | 'site wanted'
  | 'prompt over'
  /** The key of a site. */
  | 'choice'
  /** A key with which an emergency number begins. */
  | 'help begins'
  /** Any other digit; in a number, `*` as well. */
  | 'digit'
  | 'star'
  | 'hash'
  | 'time is up'
  /** The entry has its maximum length. */
  | 'full'
  /** The number was dialled with the code, or the caller has to enter it. */
  | 'number known'
  | 'number wanted'
  /** The digits are an emergency number, of this site or of the one chosen, or neither one nor the beginning of one. */
  | 'emergency'
  | 'ordinary'
  | 'try site'
  | 'try number'
  | 'no tries left'
  | 'caller gone'
  /** We end the call: the phone is silent, or the node stops. */
  | 'cut off'

export type Action =
  | 'say sites'
  | 'say ask-number'
  | 'say no-such-choice'
  | 'say goodbye'
  /** Plays the prompts collected by `say …`. */
  | 'speak'
  | 'hush'
  | 'take site'
  /** Also judges the digits so far. */
  | 'keep digit'
  /** Judges the digits, now that no other follows. */
  | 'judge'
  | 'forget digits'
  | 'await first digit'
  | 'await next digit'
  | 'stop waiting'
  | 'spend a try'
  | 'call for help'
  | 'connect'
  | 'hang up'

type Row = Table<State, Input, Action>[State]

const leaving: Row = {
  'caller gone': ['over', 'hush', 'stop waiting'],
  'cut off': ['over', 'hush', 'stop waiting', 'hang up'],
}

const wrongKey: readonly [State, ...Action[]] = [
  'trying again',
  'hush',
  'stop waiting',
  'forget digits',
  'say no-such-choice',
  'spend a try',
]

const keysOfSites: Row = {
  choice: ['site taken', 'hush', 'stop waiting', 'take site'],
  'help begins': ['taking help', 'hush', 'keep digit', 'await next digit'],
  digit: wrongKey,
  star: ['asking site', 'hush', 'stop waiting', 'say sites', 'speak'],
}

const help: readonly [State, ...Action[]] = ['over', 'hush', 'stop waiting', 'call for help']
const numberTaken: readonly [State, ...Action[]] = ['judging', 'stop waiting', 'judge']

/**
 * States down, inputs across: the next state and the actions of the transition. An input that is missing from a row changes nothing. An
 * emergency number is called as soon as it is typed, also instead of a key. A `#` before the first digit only cuts the prompt short; `*`
 * repeats the sites, and is part of a number.
 */
export const table: Table<State, Input, Action> = {
  new: {
    'site known': ['asking number', 'say ask-number', 'speak'],
    'site wanted': ['asking site', 'say sites', 'speak'],
    ...leaving,
  },
  'asking site': {
    ...keysOfSites,
    'prompt over': ['awaiting site', 'await first digit'],
    hash: ['awaiting site', 'hush', 'await first digit'],
    ...leaving,
  },
  'awaiting site': {
    ...keysOfSites,
    'time is up': ['trying again', 'spend a try'],
    ...leaving,
  },
  'taking help': {
    digit: ['taking help', 'keep digit', 'await next digit'],
    emergency: help,
    ordinary: wrongKey,
    hash: ['judging help', 'stop waiting', 'judge'],
    'time is up': ['judging help', 'stop waiting', 'judge'],
    ...leaving,
  },
  'judging help': {
    emergency: help,
    ordinary: wrongKey,
    ...leaving,
  },
  'site taken': {
    'number known': ['over', 'connect'],
    emergency: help,
    'number wanted': ['asking number', 'say ask-number', 'speak'],
    ...leaving,
  },
  'asking number': {
    'prompt over': ['awaiting number', 'await first digit'],
    digit: ['taking number', 'hush', 'keep digit', 'await next digit'],
    hash: ['awaiting number', 'hush', 'await first digit'],
    ...leaving,
  },
  'awaiting number': {
    digit: ['taking number', 'keep digit', 'await next digit'],
    'time is up': ['trying again', 'spend a try'],
    ...leaving,
  },
  'taking number': {
    digit: ['taking number', 'keep digit', 'await next digit'],
    emergency: help,
    full: numberTaken,
    hash: numberTaken,
    'time is up': numberTaken,
    ...leaving,
  },
  judging: {
    emergency: help,
    ordinary: ['over', 'connect'],
    ...leaving,
  },
  'trying again': {
    'try site': ['asking site', 'say sites', 'speak'],
    'try number': ['asking number', 'say ask-number', 'speak'],
    'no tries left': ['concluding', 'say goodbye', 'speak'],
    ...leaving,
  },
  concluding: {
    'help begins': ['taking help', 'hush', 'keep digit', 'await next digit'],
    'prompt over': ['over', 'hang up'],
    ...leaving,
  },
  over: {},
}
