import {
  type CountryCode,
  getCountryCallingCode,
  type PhoneNumber,
  type PhoneNumberType,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'

/** What an outside number is, seen from the site. `other`: free, shared-cost, personal and short numbers, and those whose class is not known. */
export type OutsideClass = 'national' | 'mobile' | 'international' | 'premium' | 'other'

/** Longer texts are not read. */
export const longestText = 20

/** Only a number of a length that exists, so that a short number never becomes a long one. */
export function parsed(number: string, country: CountryCode | null): PhoneNumber | null {
  if (!/^\+?[0-9]{4,20}$/.test(number)) return null
  const phone = parsePhoneNumberFromString(number, country ?? undefined)
  return phone?.isPossible() ? phone : null
}

/** @param type of `phone`, which takes as long to find as the rest of a decision; null: of no known kind */
export function classOfPhone(phone: PhoneNumber, type: PhoneNumberType | null, country: CountryCode | null): OutsideClass {
  if (type === 'PREMIUM_RATE' || phone.countryCallingCode === internationalPremium) return 'premium'
  if (internationalService.includes(phone.countryCallingCode)) return 'other'
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
/** Freephone and shared-cost numbers of all countries (ITU-T E.169). */
const internationalService: readonly string[] = ['800', '808']

/** Countries that share a code with others and charge calls between them. Elsewhere, as in +44, islands belong to the country. */
const sharedCodes: readonly string[] = ['1', '7']

function isForeign({ countryCallingCode, country: there }: PhoneNumber, country: CountryCode): boolean {
  if (countryCallingCode !== getCountryCallingCode(country)) return true
  return sharedCodes.includes(countryCallingCode) && there !== undefined && there !== country
}
