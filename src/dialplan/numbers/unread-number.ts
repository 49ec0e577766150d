import { type CountryCode, getCountryCallingCode, Metadata } from 'libphonenumber-js/max'
import { classOfPhone, type OutsideClass, parsed } from './number-class.js'

type CostlyClass = Extract<OutsideClass, 'premium' | 'international'>

/** The rest is not looked at: no number has more than 15 digits (ITU-T E.164), and codes before it are short. */
const mostDigits = 28
const longestNumber = 16
/** Digits of a code for a carrier, or for hiding the caller, before a number: `141`, `01013`, `1010288`. */
const longestCode = 8
const shortestNumber = 5
/** Shorter numbers are local ones: `683 5551` is no call to Niue. */
const shortestGlobal = 10

/**
 * The class of a number that cannot be read. A fraudster does not care how a number is written, and a carrier ignores what it does not need: digits
 * after the end, separators, codes before the number. So the number counts as the most costly that a carrier may read into it.
 */
export function classOfUnread(number: string, country: CountryCode | null): OutsideClass {
  const afterCode = /[*#]([^*#]+)$/.exec(number)?.[1]
  const readings = [number, ...(afterCode === undefined ? [] : [afterCode])].flatMap((text) => readingsOf(text, country))
  return readings.find((name) => name === 'premium') ?? readings[0] ?? 'other'
}

function readingsOf(text: string, country: CountryCode | null): CostlyClass[] {
  const digits = text
    .normalize('NFKC')
    .replace(/[^0-9]/g, '')
    .slice(0, mostDigits)
  const abroad = iddPattern(country)
  const hasPlus = text.startsWith('+')
  if (!hasPlus && !abroad.test(digits)) return country === null ? [] : nationalReadings(digits, country)
  const rest = (hasPlus && !digits.startsWith('0') ? digits : digits.replace(abroad, '')).replace(/^0+/, '')
  if (rest === '') return []
  const home = country === null ? null : getCountryCallingCode(country)
  if (country === null || home === null || !rest.startsWith(home)) return [...beginnings(`+${rest}`, country), 'international']
  return [...beginnings(`+${rest}`, country), ...afterCodes(rest.slice(home.length), country)]
}

function nationalReadings(digits: string, country: CountryCode): CostlyClass[] {
  // Many carriers take international numbers without a prefix.
  const isGlobal = digits.length >= shortestGlobal && !digits.startsWith('0') && parsed(digits, country) === null
  return [...beginnings(digits, country), ...afterCodes(digits, country), ...(isGlobal ? costly(`+${digits}`, country) : [])]
}

/** Digits after the end of a number have no meaning. The longest beginning that is a number counts. */
function beginnings(text: string, country: CountryCode | null): CostlyClass[] {
  for (let length = Math.min(text.length, longestNumber); length >= shortestNumber; length -= 1) {
    const beginning = text.slice(0, length)
    if (parsed(beginning, country)?.getType() !== undefined) return costly(beginning, country)
  }
  return []
}

/** A number of this country after a code: premium numbers begin like this, with or without a 0 or 1 in front. */
const nationalStart = /^[0189]/

function afterCodes(digits: string, country: CountryCode): CostlyClass[] {
  const abroad = iddPattern(country)
  const home = getCountryCallingCode(country)
  const isPossible = parsed(digits, country) !== null
  return Array.from({ length: longestCode + 1 }, (_, index) => digits.slice(index)).flatMap((rest) => {
    const isAbroad = abroad.test(rest)
    if (isPossible || !isAbroad) return isAbroad || (!isPossible && nationalStart.test(rest)) ? costly(rest, country) : []
    const number = rest.replace(abroad, '')
    return number.length < shortestGlobal || number.startsWith(home) || number.startsWith('0') ? [] : (['international'] as const)
  })
}

function costly(text: string, country: CountryCode | null): CostlyClass[] {
  const phone = parsed(text, country)
  if (phone === null) return []
  const name = classOfPhone(phone, phone.getType() ?? null, country)
  return name === 'premium' || name === 'international' ? [name] : []
}

/** The prefix of international calls; `00` (ITU-T E.164) if the country is not known. */
export function idd(country: CountryCode | null): string {
  const prefix = iddText(country)
  return /^[0-9]+$/.test(prefix) ? prefix : (numberingPlan(country)?.defaultIDDPrefix() ?? '00')
}

/** The prefix, if it is the only one; else null. */
export function plainIdd(country: CountryCode | null): string | null {
  const prefix = iddText(country)
  return country !== null && /^[0-9]+$/.test(prefix) ? prefix : null
}

/** Some countries have several, one for each carrier. */
function iddPattern(country: CountryCode | null): RegExp {
  return new RegExp(`^(?:${iddText(country) || '00'})`)
}

function iddText(country: CountryCode | null): string {
  return country === null ? '00' : (numberingPlan(country)?.IDDPrefix() ?? '')
}

function numberingPlan(country: CountryCode | null) {
  if (country === null) return undefined
  const metadata = new Metadata()
  metadata.selectNumberingPlan(country)
  return metadata.numberingPlan
}
