import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max'

/** ISO 3166-1 alpha-2. */
export function parseCountry(text: string): CountryCode | null {
  return /^[A-Z]{2}$/.test(text) && isSupportedCountry(text) ? text : null
}

interface SiteNumbers {
  readonly elin?: string | undefined
  readonly trunks: Readonly<Record<string, { readonly callerId?: string | undefined }>>
  readonly dids: Readonly<Record<string, unknown>>
}

/** The country of the site's own numbers: its `elin`, then the caller numbers of its trunks, then its direct numbers. Null if none has a `+`. */
export function countryOfNumbers({ elin, trunks, dids }: SiteNumbers): CountryCode | null {
  const own = [elin, ...Object.values(trunks).map(({ callerId }) => callerId), ...Object.keys(dids)]
  for (const number of own) {
    const country = number?.startsWith('+') ? countryOf(number.replace(/[XZN]/g, '2')) : null
    if (country) return country
  }
  return null
}

function countryOf(number: string): CountryCode | null {
  const phone = parsePhoneNumberFromString(number)
  return phone?.country ?? phone?.getPossibleCountries()[0] ?? null
}
