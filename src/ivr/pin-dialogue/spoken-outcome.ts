import type { LoginOutcome, LogoutEverywhereOutcome, LogoutOutcome } from '../../hotdesk/hotdesk.js'
import type { PromptName } from '../prompts.js'
import type { Input } from './dialogue-table.js'

/** The meaning of an outcome for the dialogue, and its prompt. */
export interface Spoken {
  readonly input: Extract<Input, 'granted' | 'denied' | 'refused'>
  readonly prompt: PromptName
}

const logins: Readonly<Record<LoginOutcome['outcome'], Spoken>> = {
  LOGGED_IN: { input: 'granted', prompt: 'logged-in' },
  MOVED: { input: 'granted', prompt: 'logged-in' },
  DISPLACED: { input: 'granted', prompt: 'logged-in' },
  UNCHANGED: { input: 'granted', prompt: 'already-logged-in' },
  DENIED: { input: 'denied', prompt: 'wrong' },
  LOCKED: { input: 'refused', prompt: 'locked' },
  NOT_ENTITLED: { input: 'refused', prompt: 'not-entitled' },
  ELSEWHERE: { input: 'refused', prompt: 'elsewhere' },
  EMERGENCY: { input: 'refused', prompt: 'emergency-busy' },
  NOT_A_HOTDESK_PHONE: { input: 'refused', prompt: 'not-a-hotdesk-phone' },
  STORE_LOST: { input: 'refused', prompt: 'try-later' },
  UNCONFIRMED: { input: 'refused', prompt: 'unconfirmed' },
}

const logouts: Readonly<Record<LogoutOutcome['outcome'], PromptName>> = {
  LOGGED_OUT: 'logged-out',
  FREE: 'logged-out',
  DRAINING: 'logged-out-pending',
  EMERGENCY: 'emergency-busy',
  UNKNOWN_DEVICE: 'not-a-hotdesk-phone',
  STORE_LOST: 'try-later',
  UNCONFIRMED: 'unconfirmed',
}

const everywhere: Readonly<Record<LogoutEverywhereOutcome['outcome'], Spoken>> = {
  LOGGED_OUT: { input: 'granted', prompt: 'logged-out-everywhere' },
  FREE: { input: 'granted', prompt: 'logged-in-nowhere' },
  DRAINING: { input: 'granted', prompt: 'logged-out-pending' },
  DENIED: { input: 'denied', prompt: 'wrong' },
  LOCKED: { input: 'refused', prompt: 'locked' },
  EMERGENCY: { input: 'refused', prompt: 'emergency-busy' },
  UNKNOWN_DEVICE: { input: 'refused', prompt: 'try-later' },
  STORE_LOST: { input: 'refused', prompt: 'try-later' },
  UNCONFIRMED: { input: 'refused', prompt: 'unconfirmed' },
}

export function spokenLogoutEverywhere({ outcome }: LogoutEverywhereOutcome): Spoken {
  return everywhere[outcome]
}

export function spokenLogin({ outcome }: LoginOutcome): Spoken {
  return logins[outcome]
}

export function spokenLogout({ outcome }: LogoutOutcome): PromptName {
  return logouts[outcome]
}
