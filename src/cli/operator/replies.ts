/** What a function's words mean to a person, and whether the command was done. */
export interface Verdict {
  readonly done: boolean
  readonly sentence: string
}

type Sayings = Readonly<Record<string, (detail: readonly string[]) => Verdict>>

const done = (sentence: string): Verdict => ({ done: true, sentence })
const refused = (sentence: string): Verdict => ({ done: false, sentence })

const emergency = 'the phone is in an emergency call, or in the quiet time after one'

const unknown: Sayings = {
  UNKNOWN_USER: () => refused('no user has this extension'),
  UNKNOWN_DEVICE: () => refused('no device has this name'),
}

const login: Sayings = {
  ...unknown,
  LOGGED_IN: () => done('logged in'),
  MOVED: ([from]) => done(`logged in, and no longer at ${from}`),
  DISPLACED: ([user, from]) => done(`logged in; ${user} was there and is logged out now${from ? `, and no longer at ${from}` : ''}`),
  UNCHANGED: () => done('was logged in there already; the phone is refreshed'),
  ELSEWHERE: ([device]) => refused(`the user sits at ${device} and must log out there first (secondLogin: deny)`),
  DENIED: ([why]) => refused(why === 'disabled' ? 'the user is disabled' : 'the user may not use hot desking'),
  NOT_A_HOTDESK_PHONE: () => refused('the device is not for hot desking, or has no location'),
  EMERGENCY: () => refused(emergency),
}

const logout: Sayings = {
  ...unknown,
  LOGGED_OUT: ([user]) => done(`logged out (${user})`),
  DRAINING: ([calls]) => done(`follows when the last of ${calls} ${calls === '1' ? 'call' : 'calls'} has ended; --now does not wait`),
  FREE: () => refused('nobody is logged in there; the phone shows so once more'),
  NOWHERE: () => refused('is not logged in'),
  EMERGENCY: () => refused(emergency),
}

const who: Sayings = {
  ...unknown,
  OCCUPIED: ([user]) => done(`${user} sits there`),
  DRAINING: ([user]) => done(`${user} sits there until the last call ends`),
  FREE: () => done('nobody sits there'),
  AT: (devices) => done(`sits at ${devices.join(', ')}`),
  NOWHERE: () => done('is not logged in'),
}

const unlock: Sayings = {
  ...unknown,
  UNLOCKED: () => done('may try again'),
  NOT_LOCKED: () => done('was not locked, and has no failed attempts'),
}

const refresh: Sayings = {
  ...unknown,
  REFRESHING: () => done('shows anew who sits there, after a call or quiet time it may be in; hotdesk status shows whether it follows'),
  NOWHERE: () => refused('is not logged in, so there is no phone to refresh'),
}

const replace: Sayings = {
  ...unknown,
  REPLACED: ([user]) =>
    done(
      `${user} sits at the new phone now, which stands where the old one stood; the old one has no location and is not for hot desking any more`,
    ),
  FREE: () =>
    refused('nobody sits at the old phone: there is nothing to take over; hotdesk device set --location says where the new one is'),
  OCCUPIED: ([user]) => refused(`${user} sits at the new phone and must be logged out there first`),
  DRAINING: ([user]) => refused(`${user} is about to be logged out at the old phone, when the call there ends`),
  EMERGENCY: () => refused('one of the two is in an emergency call, or in the quiet time after one'),
  NOT_A_HOTDESK_PHONE: () => refused('the new phone is not for hot desking, or neither of the two has a location'),
  UNKNOWN_DEVICE: () => refused('there is no phone of one of these names; hotdesk device list shows all'),
}

const sayings = { login, logout, who, unlock, refresh, replace }

export type Action = keyof typeof sayings

/** `MOVED HD0001` → a sentence. A word that is not in the list comes from another version; it is shown as it is. */
export function verdictOf(action: Action, reply: string): Verdict {
  const [word = '', ...detail] = reply.split(' ')
  return sayings[action][word]?.(detail) ?? refused(`unexpected reply: ${reply}`)
}
