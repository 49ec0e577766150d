/** A function's reply in words, and whether the command was done. */
export interface Verdict {
  readonly done: boolean
  readonly sentence: string
}

/** The arguments of the command in order. For `logout`, the second is the other side: where the user was logged in, or which user. */
type Arguments = readonly [first: string, second?: string]
type Sentences = Readonly<Record<string, (detail: readonly string[], args: Arguments) => Verdict>>

const done = (sentence: string): Verdict => ({ done: true, sentence })
const refused = (sentence: string): Verdict => ({ done: false, sentence })

const inEmergency = 'in an emergency call, or in the quiet time after one'

const unknown: Sentences = {
  UNKNOWN_USER: (_, [extension]) => refused(`there is no user ${extension}`),
  UNKNOWN_DEVICE: (_, [first, device = first]) => refused(`there is no phone ${device}`),
}

const login: Sentences = {
  ...unknown,
  LOGGED_IN: (_, [user, device]) => done(`${user} logged in at ${device}`),
  MOVED: ([from], [user, device]) => done(`${user} logged in at ${device} and out of ${from}`),
  DISPLACED: ([previous, from], [user, device]) =>
    done(`${user} logged in at ${device}${from ? ` and out of ${from}` : ''}; ${previous} was logged out there`),
  UNCHANGED: (_, [user, device]) => done(`${user} was already logged in at ${device}; its display will be refreshed`),
  ELSEWHERE: ([at], [user]) => refused(`${user} is logged in at ${at} and must log out there first (secondLogin: deny)`),
  DENIED: ([why], [user]) => refused(why === 'disabled' ? `user ${user} is disabled` : `user ${user} may not hot-desk`),
  NOT_A_HOTDESK_PHONE: (_, [, device]) => refused(`${device} is not for hot desking, or has no location`),
  EMERGENCY: (_, [, device]) => refused(`${device} is ${inEmergency}`),
}

const logout: Sentences = {
  ...unknown,
  UNKNOWN_DEVICE: (_, [device]) => refused(`there is no phone ${device}`),
  LOGGED_OUT: ([user], [target, other]) => done(`${user} logged out${phoneOf(target, other)}`),
  DRAINING: ([calls], [target, other]) =>
    done(
      `${userOf(target, other)} will be logged out${phoneOf(target, other)} ${whenEnded(Number(calls))}: hotdesk logout ${target} --now`,
    ),
  FREE: (_, [device]) => refused(`nobody is logged in at ${device}; its display will be refreshed`),
  NOWHERE: (_, [user]) => refused(`${user} is not logged in`),
  EMERGENCY: (_, [target, other]) => refused(`${isExtension(target) ? (other ?? `the phone of ${target}`) : target} is ${inEmergency}`),
}

function whenEnded(calls: number): string {
  return calls === 1 ? 'when the current call ends. To end it now' : `when ${calls} calls have ended. To end them now`
}

function isExtension(target: string): boolean {
  return /^[0-9]/.test(target)
}

function userOf(target: string, other: string | undefined): string {
  return isExtension(target) ? target : (other ?? 'the user')
}

function phoneOf(target: string, other: string | undefined): string {
  const phone = isExtension(target) ? other : target
  return phone === undefined ? '' : ` of ${phone}`
}

const who: Sentences = {
  ...unknown,
  OCCUPIED: ([user], [device]) => done(`${user} is logged in at ${device}`),
  DRAINING: ([user], [device]) => done(`${user} is logged in at ${device} until the current call ends`),
  FREE: (_, [device]) => done(`nobody is logged in at ${device}`),
  AT: (devices, [user]) => done(`${user} is logged in at ${devices.join(', ')}`),
  NOWHERE: (_, [user]) => done(`${user} is not logged in`),
}

const unlock: Sentences = {
  ...unknown,
  UNLOCKED: (_, [target]) => done(`${target} unlocked`),
  NOT_LOCKED: (_, [target]) => done(`${target} was not locked and has no failed attempts`),
}

const refresh: Sentences = {
  ...unknown,
  REFRESHING: (_, [target]) =>
    done(`display refresh requested for ${target}; a phone in a call refreshes afterwards. To see the result: hotdesk status`),
  NOWHERE: (_, [user]) => refused(`${user} is not logged in, so there is no phone to refresh`),
}

const replace: Sentences = {
  ...unknown,
  REPLACED: ([user], [old, replacement]) =>
    done(
      `${user} moved from ${old} to ${replacement}, with the site and location of ${old}. ${old} is no longer for hot desking and has no location`,
    ),
  FREE: (_, [old, replacement]) =>
    refused(
      `nobody is logged in at ${old}, so there is nothing to move. To set the location of ${replacement}: hotdesk device set ${replacement} --location`,
    ),
  OCCUPIED: ([user], [, replacement]) => refused(`${user} is logged in at ${replacement} and must be logged out there first`),
  DRAINING: ([user], [old]) => refused(`${user} will be logged out of ${old} when the current call ends`),
  EMERGENCY: (_, [old, replacement]) => refused(`${old} or ${replacement} is ${inEmergency}`),
  NOT_A_HOTDESK_PHONE: (_, [old, replacement]) =>
    refused(`${replacement} is not for hot desking, or neither ${old} nor ${replacement} has a location`),
  UNKNOWN_DEVICE: (_, [old, replacement]) => refused(`there is no phone ${old} or no phone ${replacement}`),
}

const sentences = { login, logout, who, unlock, refresh, replace }

export type Action = keyof typeof sentences

/** `MOVED HD0001` → a sentence. An unknown word comes from another version, and is shown as it is. */
export function verdictOf(action: Action, reply: string, args: Arguments): Verdict {
  const [word = '', ...detail] = reply.split(' ')
  return sentences[action][word]?.(detail, args) ?? refused(`unexpected reply: ${reply}`)
}
