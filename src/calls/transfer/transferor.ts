import type { Dialler, Knowledge } from '../routing/contract.js'

export interface TransferorNeeds {
  readonly directory: Pick<Knowledge['directory'], 'user'>
  readonly hotdesk: Pick<Knowledge['hotdesk'], 'userOn'>
}

/**
 * The phone that transfers a call, with the record that its user has now. If the extension of the call no longer exists, because the user was
 * renamed meanwhile, the user of the phone counts.
 */
export function transferorNow({ device, user }: Dialler, { directory, hotdesk }: TransferorNeeds): Dialler {
  if (user === null) return { device, user }
  const present = hotdesk.userOn(device.id)
  return { device, user: directory.user(user.extension) ?? (present && directory.user(present)) }
}
