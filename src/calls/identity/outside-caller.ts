import type { Dialplan } from '../../dialplan/dialplan.js'
import type { Insiders } from './known-names.js'
import { anonymous, type Shown } from './party.js'

export interface OutsiderNeeds {
  readonly insiders: Pick<Insiders, 'resembles'>
  readonly dialplan: Pick<Dialplan, 'outside' | 'route'>
}

/**
 * A caller from outside as a phone is shown it: never as somebody inside. A number that means a person here stands behind the digits for an
 * outside line, as one would dial it. A name that resembles one of ours is left out, and so is every name beside such a number.
 */
export function asOutsider(shown: Shown, needs: OutsiderNeeds): Shown {
  const number = outsideNumber(shown.number, needs)
  if (number === null) return { ...shown, name: '', number: anonymous.number }
  const name = printable(shown.name)
  const keepsName = number === plainNumber(shown.number) && !needs.insiders.resembles(name)
  return { ...shown, name: keepsName ? name : '', number }
}

/** Null where nothing can be shown that does not look like one of ours. */
function outsideNumber(given: string, { insiders, dialplan }: OutsiderNeeds): string | null {
  const number = plainNumber(given)
  const isTelephone = /^\+?[0-9]+$/.test(number)
  if (!isTelephone) return insiders.resembles(number) || isInside(number, dialplan) ? null : number
  if (!isInside(number, dialplan)) return number
  const behindPrefix = `${dialplan.outside}${number}`
  return dialplan.outside === '' || isInside(behindPrefix, dialplan) ? null : behindPrefix
}

const inside: ReadonlySet<string> = new Set(['user', 'login', 'logout'])

function isInside(number: string, { route }: OutsiderNeeds['dialplan']): boolean {
  return inside.has(route(number).kind)
}

/** `(0199) 00-01` as `01990001`, full-width digits as digits; any other text without what cannot be seen. */
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
