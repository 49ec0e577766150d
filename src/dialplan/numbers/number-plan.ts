import { type CountryCode, getCountryCallingCode, Metadata, type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { NumberForm } from './number-form.js'

/** What an outside number is, seen from the site. `other`: free, shared-cost, personal and short numbers, and those whose class is not known. */
export type OutsideClass = 'national' | 'mobile' | 'international' | 'premium' | 'other'

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
  const known = e164(sent) ?? e164(dialled)
  const classes = known === null ? [classOf(sent), classOf(dialled)] : [classOf(known)]
  return { number: sent, e164: known, numberClass: classes.find((name) => name !== 'other') ?? 'other' }
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
    const entry = { phone, numberClass: phone ? classOfPhone(phone, country) : classOfText(number, { country, abroad }) }
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

/** Only a number of a length that exists, so that a short number never becomes a long one. */
function parsed(number: string, country: CountryCode | null): PhoneNumber | null {
  if (!/^\+?[0-9]{4,20}$/.test(number)) return null
  const phone = parsePhoneNumberFromString(number, country ?? undefined)
  return phone?.isPossible() ? phone : null
}

function classOfPhone(phone: PhoneNumber, country: CountryCode | null): OutsideClass {
  const type = phone.getType()
  if (type === 'PREMIUM_RATE' || phone.countryCallingCode === internationalPremium) return 'premium'
  if (country === null || isForeign(phone, country)) return 'international'
  switch (type) {
    case 'MOBILE':
      return 'mobile'
    case 'FIXED_LINE':
    case 'FIXED_LINE_OR_MOBILE':
    case 'VOIP':
    case 'UAN':
      return 'national'
    default:
      return 'other'
  }
}

const internationalPremium = '979'

/** Countries that share a code with others and charge calls between them. Elsewhere, as in +44, islands belong to the country. */
const sharedCodes: readonly string[] = ['1', '7']

function isForeign({ countryCallingCode, country: there }: PhoneNumber, country: CountryCode): boolean {
  if (countryCallingCode !== getCountryCallingCode(country)) return true
  return sharedCodes.includes(countryCallingCode) && there !== undefined && there !== country
}

/** A number that cannot be read is judged by its beginning, because a fraudster does not care how long it is. */
function classOfText(number: string, { country, abroad }: { country: CountryCode | null; abroad: string }): OutsideClass {
  const prefix = ['+', abroad].find((text) => number.startsWith(text))
  const digits = prefix === undefined ? '' : number.slice(prefix.length)
  if (!/^[1-9]/.test(digits)) return 'other'
  return country !== null && digits.startsWith(getCountryCallingCode(country)) ? 'other' : 'international'
}

/** The prefix of international calls; `00` (ITU-T E.164) if the country is not known. */
function idd(country: CountryCode | null): string {
  if (country === null) return '00'
  const metadata = new Metadata()
  metadata.selectNumberingPlan(country)
  const plan = metadata.numberingPlan
  const prefix = plan?.IDDPrefix() ?? ''
  return /^[0-9]+$/.test(prefix) ? prefix : (plan?.defaultIDDPrefix() ?? '00')
}

function digitsIn(text: string): string {
  return text.replace(/[^0-9]/g, '')
}
