import type { Dialplan } from '../../dialplan/dialplan.js'
import { anonymous, type Party } from '../../sip/identity/party.js'
import type { KnownNames } from './known-names.js'

export interface OutsideCallerNeeds {
  readonly knownNames: Pick<KnownNames, 'resembles'>
  readonly dialplan: Pick<Dialplan, 'outside' | 'route'>
}

/**
 * A caller from outside as a phone may show them: never like a user of the network. A number that means something inside gets the outside
 * prefix, as one would dial it. A name that resembles one of ours is dropped, and so is any name beside such a number.
 */
export function outsideCaller(party: Party, needs: OutsideCallerNeeds): Party {
  const number = outsideNumber(party.number, needs)
  if (number === null) return { ...party, name: '', number: anonymous.number }
  const name = printable(party.name)
  const keepsName = number === plainNumber(party.number) && !needs.knownNames.resembles(name, needs.dialplan)
  return { ...party, name: keepsName ? name : '', number }
}

/** Null if every form of the number looks like one of ours. */
function outsideNumber(given: string, { knownNames, dialplan }: OutsideCallerNeeds): string | null {
  const number = plainNumber(given)
  const isTelephone = /^\+?[0-9]+$/.test(number)
  if (!isTelephone) return knownNames.resembles(number, dialplan) || isInside(number, dialplan) ? null : number
  if (!isInside(number, dialplan)) return number
  const withPrefix = `${dialplan.outside}${number}`
  return dialplan.outside === '' || isInside(withPrefix, dialplan) ? null : withPrefix
}

const insideRoutes: ReadonlySet<string> = new Set(['user', 'login', 'logout', 'logout-everywhere'])

function isInside(number: string, { route }: OutsideCallerNeeds['dialplan']): boolean {
  return insideRoutes.has(route(number).kind)
}

/** `(0199) 00-01` becomes `01990001`, full-width digits become ASCII, and invisible characters are removed. */
function plainNumber(number: string): string {
  const plain = number.normalize('NFKC').replace(/\p{Cf}/gu, '')
  const digits = plain.replace(/[\s().-]/g, '')
  return /^\+?[0-9]+$/.test(digits) ? digits : plain
}

function printable(name: string): string {
  return name
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim()
}
