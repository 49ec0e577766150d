import { type CountryCode, getCountryCallingCode, type PhoneNumber } from 'libphonenumber-js/max'
import { classOfPhone, type OutsideClass, parsed } from './number-class.js'
import type { NumberForm } from './number-form.js'
import { classOfUnread, idd } from './unread-number.js'

/** How numbers are written at one site. Emergency numbers and other short numbers have one form only, and no E.164. */
export interface NumberPlan {
  /** Null: not known, and neither is which numbers are abroad. */
  readonly country: CountryCode | null
  /** `+442079460100`; null if it cannot be known. */
  e164(number: string): string | null
  classOf(number: string): OutsideClass
  /** Every form in which a trunk may write the same number, the given one first. */
  formsOf(number: string): readonly string[]
  /** A form of the number; unchanged if its E.164 is not known. */
  written(number: string, form: NumberForm): string
}

/** An outside number as a trunk gets it, and what is known about it. */
export interface OutsideNumber {
  /** As the route writes it. */
  readonly number: string
  /** `+442079460100`; null if it cannot be known, as for a short number. */
  readonly e164: string | null
  readonly numberClass: OutsideClass
}

/** A route may put digits in front that are no part of the number, so the dialled digits count if those sent mean nothing. */
export function outsideNumber({ e164, classOf }: NumberPlan, sent: string, dialled: string): OutsideNumber {
  const known = [sent, dialled].find((text) => e164(text) !== null)
  const classes = known === undefined ? [classOf(sent), classOf(dialled)] : [classOf(known)]
  const numberClass = classes.find((name) => name !== 'other') ?? 'other'
  return { number: sent, e164: known === undefined ? null : e164(known), numberClass }
}

interface Known {
  readonly phone: PhoneNumber | null
  readonly numberClass: OutsideClass
}

/** A number is asked for several times in a call, and takes some 50 µs to parse. */
const maxKnown = 2_000

/** @param country null: only numbers with `+` are understood */
export function createNumberPlan(country: CountryCode | null): NumberPlan {
  const known = new Map<string, Known>()
  const abroad = idd(country)

  function read(number: string): Known {
    const found = known.get(number)
    if (found) return found
    if (known.size >= maxKnown) known.clear()
    const phone = parsed(number, country)
    // A number of no known kind may be one that goes on after its end, or begins with a code.
    const isRead = phone !== null && (phone.getType() !== undefined || classOfPhone(phone, country) !== 'other')
    const entry = { phone, numberClass: isRead ? classOfPhone(phone, country) : classOfUnread(number, country) }
    known.set(number, entry)
    return entry
  }

  function written(number: string, form: NumberForm): string {
    const { phone } = read(number)
    if (phone === null) return number
    const isHome = country !== null && phone.countryCallingCode === getCountryCallingCode(country)
    const digits = phone.number.slice(1)
    switch (form) {
      case 'e164':
        return phone.number
      case 'digits':
        return digits
      case 'international':
        return `${abroad}${digits}`
      case 'national':
        return isHome ? digitsIn(phone.formatNational()) : `${abroad}${digits}`
    }
  }

  return {
    country,
    e164: (number) => read(number).phone?.number ?? null,
    classOf: (number) => read(number).numberClass,
    formsOf: (number) => [...new Set([number, ...otherForms.map((form) => written(number, form))])],
    written,
  }
}

const otherForms = ['e164', 'digits', 'international', 'national'] as const

function digitsIn(text: string): string {
  return text.replace(/[^0-9]/g, '')
}
