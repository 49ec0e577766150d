import { parseExtension } from '../../base/identity.js'
import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Contacts, Device, Directory, User } from '../../directory/directory.js'

/** Whose page it is, and where. */
export interface Reader {
  readonly device: Device
  readonly user: User
  /** The dial plan of this node; null if the phone belongs to another site. */
  readonly plan: Dialplan | null
}

/**
 * What a phone dials to reach a number that is not known to be an extension: with the prefix for outside calls, in the form that a route of the
 * site understands. Unchanged if no form does.
 */
export function dialledFor(number: string, plan: Dialplan | null): string {
  const e164 = plan?.numbers.e164(number) ?? null
  if (plan === null || e164 === null) return number
  const forms = [plan.numbers.written(e164, 'national'), plan.numbers.written(e164, 'international')].map(
    (form) => `${plan.outside}${form}`,
  )
  const isRight = (digits: string): boolean => {
    const route = plan.emergency(digits) === null ? plan.route(digits) : null
    return route?.kind === 'outside' && route.e164 === e164
  }
  return [...forms, e164].find(isRight) ?? number
}

export interface NamesNeeds {
  readonly directory: Pick<Directory, 'user'>
  readonly contacts: Pick<Contacts, 'nameOf'>
}

/** The name of a number in a call log: that of a user, or of a phone book of the reader; null if there is none. */
export function nameOfNumber(number: string, e164: string | null, user: User, { directory, contacts }: NamesNeeds): string | null {
  const extension = parseExtension(number)
  const colleague = extension === null ? null : directory.user(extension)
  if (colleague) return colleague.name
  const forms = e164 === null ? [number] : [e164, number]
  return contacts.nameOf(forms, user.extension) ?? contacts.nameOf(forms, null)
}
