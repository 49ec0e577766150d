import { type CountryCode, getCountryCallingCode, type PhoneNumber, type PhoneNumberType } from 'libphonenumber-js/max'
import { longestText, parsed } from './number-class.js'
import type { NumberForm } from './number-form.js'
import { idd, plainIdd } from './unread-number.js'

/** A number as it is read at one site. Thousands are kept, so it is small; its other facts take microseconds, and are added when asked for. */
export interface Reading {
  readonly phone: PhoneNumber
  type?: PhoneNumberType | null
  written?: WrittenForms
}

type WrittenForms = Readonly<Record<NumberForm, string>>

/** In Gabon an old number of 7 digits is written like a new one of 8; in Belarus a number may begin like the prefix of national calls. */
const unclearCountries: readonly CountryCode[] = ['GA', 'BY']

export interface Reader {
  /** Null: not a number of a length that exists. @param known the reading of another text, which may be kept */
  read(number: string, known: (number: string) => Reading | null): Reading | null
  written(reading: Reading): WrittenForms
  /** Whether its E.164 and national forms are read as this number, so that reading them gives nothing new. */
  readsBack(reading: Reading): boolean
}

export function createReader(country: CountryCode | null): Reader {
  const abroad = idd(country)
  const onlyIdd = plainIdd(country)
  const home = country === null ? null : getCountryCallingCode(country)
  const isClear = country !== null && !unclearCountries.includes(country)

  function formsOf(phone: PhoneNumber): WrittenForms {
    const digits = phone.number.slice(1)
    const international = `${abroad}${digits}`
    const national = phone.countryCallingCode === home ? phone.formatNational().replace(/[^0-9]/g, '') : international
    return { e164: phone.number, digits, international, national }
  }

  /** `0044…` is read as `+44…`. Null: it is not written so, or the country has several prefixes for calls abroad. */
  function withPlus(number: string): string | null {
    if (onlyIdd === null || !number.startsWith(onlyIdd) || number.length > longestText) return null
    const rest = number.slice(onlyIdd.length)
    return rest.startsWith('0') ? null : `+${rest}`
  }

  return {
    read(number, known) {
      const complete = withPlus(number)
      if (complete !== null) return known(complete)
      const phone = parsed(number, country)
      return phone === null ? null : { phone }
    },
    written: (reading) => (reading.written ??= formsOf(reading.phone)),
    readsBack: (reading) => isClear && reading.phone.country === country && !reading.phone.carrierCode && typeOf(reading) !== null,
  }
}

/** Null: of no known kind. */
export function typeOf(reading: Reading): PhoneNumberType | null {
  if (reading.type === undefined) reading.type = reading.phone.getType() ?? null
  return reading.type
}
