import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countryOfNumbers, parseCountry } from '../../../../src/dialplan/numbers/country.js'
import { createNumberPlan, outsideNumber } from '../../../../src/dialplan/numbers/number-plan.js'

const plans = { GB: createNumberPlan('GB'), FR: createNumberPlan('FR'), US: createNumberPlan('US'), none: createNumberPlan(null) }

describe('the E.164 form of a number', () => {
  test.each([
    ['GB', '020 7946 0100'.replaceAll(' ', ''), '+442079460100'],
    ['GB', '+442079460100', '+442079460100'],
    ['GB', '442079460100', '+442079460100'],
    ['GB', '00442079460100', '+442079460100'],
    ['GB', '0033612345678', '+33612345678'],
    ['FR', '0612345678', '+33612345678'],
    ['US', '2125551234', '+12125551234'],
    ['US', '12125551234', '+12125551234'],
    ['US', '011442079460100', '+442079460100'],
    ['none', '+442079460100', '+442079460100'],
    // The 0 that people keep after the country code.
    ['FR', '+4402079460100', '+442079460100'],
  ] as const)('in %s %s is %s', (country, number, expected) => {
    expect(plans[country].e164(number)).toBe(expected)
  })

  test.each([
    ['GB', '112'],
    ['GB', '999'],
    ['GB', '101'],
    ['GB', '118500'],
    ['FR', '3615'],
    ['FR', '15'],
    ['none', '02079460100'],
    ['GB', '*77*100*'],
    ['GB', ''],
    ['GB', '+'],
    ['GB', '00000000000000000000'],
    ['GB', '123456789012345678901234567890'],
  ] as const)('in %s is not known for %j, which has none or is too short or too long', (country, number) => {
    expect(plans[country].e164(number)).toBeNull()
    for (const form of ['e164', 'digits', 'international', 'national'] as const) expect(plans[country].written(number, form)).toBe(number)
  })
})

describe('the class of a number', () => {
  test.each([
    ['GB', '02079460100', 'national'],
    ['GB', '07400123456', 'mobile'],
    ['GB', '09061234567', 'premium'],
    ['GB', '08001111', 'other'],
    ['GB', '118500', 'other'],
    ['GB', '+33612345678', 'international'],
    ['GB', '0033899123456', 'premium'],
    ['GB', '+97912345678', 'international'],
    ['GB', '+979123456789', 'premium'],
    ['GB', '0080012345678', 'other'],
    ['GB', '+8816123456', 'international'],
    // Guernsey is dialled and charged like the United Kingdom.
    ['GB', '07911123456', 'mobile'],
    ['FR', '0612345678', 'mobile'],
    ['FR', '0899123456', 'premium'],
    ['US', '2125551234', 'national'],
    ['US', '9002345678', 'premium'],
    // Jamaica and Canada share +1 with the United States, but not their charges.
    ['US', '8765230123', 'international'],
    ['US', '6135551234', 'international'],
    ['none', '+442079460100', 'international'],
    ['none', '02079460100', 'other'],
    ['none', '0044', 'international'],
    // Too short or too long, but certainly abroad, or certainly not.
    ['GB', '+331', 'international'],
    ['GB', '00331', 'international'],
    ['GB', '+441', 'other'],
    ['US', '00331', 'other'],
    ['US', '011331', 'international'],
  ] as const)('in %s %s is %s', (country, number, expected) => {
    expect(plans[country].classOf(number)).toBe(expected)
  })

  test('counts as dialled if a route sends digits that are no number', () => {
    expect(outsideNumber(plans.GB, '9900#0033612345678', '0033612345678')).toEqual({
      number: '9900#0033612345678',
      e164: '+33612345678',
      numberClass: 'international',
    })
    expect(outsideNumber(plans.GB, '77#0033', '0033')).toMatchObject({ e164: null, numberClass: 'international' })
    expect(outsideNumber(plans.GB, '+442079460100', '100')).toMatchObject({ e164: '+442079460100' })
  })
})

describe('a number is written', () => {
  test.each([
    ['e164', '02079460100', '+442079460100'],
    ['digits', '02079460100', '442079460100'],
    ['international', '02079460100', '00442079460100'],
    ['national', '+442079460100', '02079460100'],
    ['national', '+33612345678', '0033612345678'],
  ] as const)('%s: %s becomes %s in the United Kingdom', (form, number, expected) => {
    expect(plans.GB.written(number, form)).toBe(expected)
  })

  test('with the prefixes of its country', () => {
    expect(plans.US.written('+442079460100', 'national')).toBe('011442079460100')
    expect(plans.US.written('+12125551234', 'national')).toBe('2125551234')
    expect(createNumberPlan('AU').written('+442079460100', 'national')).toBe('0011442079460100')
  })

  test('in every form in which a trunk may send it', () => {
    expect(plans.GB.formsOf('442079460100')).toEqual(['442079460100', '+442079460100', '00442079460100', '02079460100'])
    expect(plans.GB.formsOf('112')).toEqual(['112'])
  })

  test('in forms that all mean the same number', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('+442079460100', '+33612345678', '+12125551234', '+390612345678', '+4915112345678'),
        fc.constantFrom('GB' as const, 'FR' as const, 'US' as const, 'IT' as const, 'DE' as const),
        (number, country) => {
          const plan = createNumberPlan(country)
          for (const form of ['e164', 'international', 'national'] as const) expect(plan.e164(plan.written(number, form))).toBe(number)
        },
      ),
    )
  })
})

describe('the country of a site', () => {
  test.each([
    [{ elin: '+442079460000' }, 'GB'],
    [{ elin: '02079460000', trunks: { a: { callerId: '+33199000000' } } }, 'FR'],
    [{ dids: { '+4930901820XX': '1XX' } }, 'DE'],
    [{ elin: '02079460000' }, null],
    [{}, null],
  ])('follows from its own numbers: %j is %s', (numbers, expected) => {
    expect(countryOfNumbers({ trunks: {}, dids: {}, ...numbers })).toBe(expected)
  })

  test('is an ISO 3166 code of two capital letters', () => {
    expect(['GB', 'UK', 'gb', 'XX', 'GBR'].map(parseCountry)).toEqual(['GB', null, null, null, null])
  })
})

describe('the class of a number that cannot be read is the most costly that a carrier may read into it', () => {
  const further = { ...plans, DE: createNumberPlan('DE'), JP: createNumberPlan('JP') }

  test.each([
    // Separators that a carrier ignores (RFC 3966 §5.1.1), and letters that some ignore.
    ['FR', '00-442079460000', 'international'],
    ['FR', '00a442079460000', 'international'],
    ['FR', '0899-123456', 'premium'],
    // Both ways to dial abroad at once, or a 0 too many.
    ['FR', '+00442079460000', 'international'],
    ['FR', '000442079460000', 'international'],
    ['FR', '+3300442079460000', 'international'],
    // Full-width digits.
    ['FR', '００442079460000', 'international'],
    // Without a prefix, as many carriers take it.
    ['FR', '442079460000', 'international'],
    ['US', '442079460000', 'international'],
    // Digits after the end.
    ['FR', '08991234561', 'premium'],
    ['GB', '090612345671', 'premium'],
    ['US', '190055512341', 'premium'],
    ['US', '187655512341', 'international'],
    ['DE', '0900123456789012', 'premium'],
    // Codes that hide the caller or choose a carrier.
    ['FR', '*31#00442079460000', 'international'],
    ['FR', '#31#0899123456', 'premium'],
    ['FR', '365100442079460000', 'international'],
    ['GB', '14100331234567890', 'international'],
    ['GB', '147009061234567', 'premium'],
    ['US', '1010288011442079460000', 'international'],
    ['DE', '0101300442079460000', 'international'],
    ['JP', '0033010442079460000', 'international'],
  ] as const)('in %s %s is %s', (country, number, expected) => {
    expect(further[country].classOf(number)).toBe(expected)
  })

  test.each([
    ['GB', '118500'],
    ['GB', '08001111'],
    ['GB', '0207946010012'],
    ['FR', '3615'],
    ['FR', '061234567890'],
    ['US', '6835551'],
    ['US', '411'],
    ['DE', '115'],
    ['FR', '*77*100*'],
    ['FR', '00000000000000000000'],
    ['none', '442079460000'],
  ] as const)('in %s %s is of no costly class', (country, number) => {
    expect(further[country].classOf(number)).toBe('other')
  })
})
