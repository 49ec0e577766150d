/** What a function's words mean to a person, and whether the command was done. */
export interface Verdict {
  readonly done: boolean
  readonly sentence: string
}

type Sayings = Readonly<Record<string, (detail: readonly string[]) => Verdict>>

const done = (sentence: string): Verdict => ({ done: true, sentence })
const refused = (sentence: string): Verdict => ({ done: false, sentence })

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
  EMERGENCY: () => refused('the phone is in an emergency call, or was within the last ten minutes'),
}

const logout: Sayings = {
  ...unknown,
  LOGGED_OUT: ([user]) => done(`logged out (${user})`),
  DRAINING: ([calls]) => done(`follows when the last of ${calls} ${calls === '1' ? 'call' : 'calls'} has ended; --now does not wait`),
  FREE: () => done('nobody was logged in; the phone is refreshed'),
  EMERGENCY: () => refused('the phone is in an emergency call, or was within the last ten minutes'),
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
  UNLOCKED: ([target]) => done(`${target} may try again`),
  NOT_LOCKED: ([target]) => done(`${target} was not locked`),
}

const sayings = { login, logout, who, unlock }

export type Action = keyof typeof sayings

/** `MOVED HD0001` → a sentence. A word that is not in the list comes from another version; it is shown as it is. */
export function verdictOf(action: Action, reply: string): Verdict {
  const [word = '', ...detail] = reply.split(' ')
  return sayings[action][word]?.(detail) ?? refused(`unexpected reply: ${reply}`)
}
