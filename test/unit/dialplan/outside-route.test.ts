import { describe, expect, it } from 'vitest'
import { createNumberPlan, type NumberPlan } from '../../../src/dialplan/numbers/number-plan.js'
import { createOutsideRoutes } from '../../../src/dialplan/outside-route.js'
import { createCodeLookup } from '../../../src/dialplan/short-codes/code-lookup.js'

/** The numbering of a country, and how often a number was read. */
function counting(): { readonly numbers: NumberPlan; reads: number } {
  const real = createNumberPlan('GB')
  const counted = {
    reads: 0,
    numbers: {
      ...real,
      e164(number: string) {
        counted.reads += 1
        return real.e164(number)
      },
      classOf(number: string) {
        counted.reads += 1
        return real.classOf(number)
      },
    },
  }
  return counted
}

const unreadable = `00${'19'.repeat(12)}`

describe('a route outside', () => {
  it('does not read its number until the number counts, because strangers may send any', () => {
    const counted = counting()
    const route = createOutsideRoutes({ trunks: [], numbers: counted.numbers })(unreadable, { trunks: [] })
    expect([route.kind, route.number, counted.reads]).toEqual(['outside', unreadable, 0])
    expect([route.numberClass, route.e164]).toEqual(['international', null])
    const { reads } = counted
    expect(reads).toBeGreaterThan(0)
    expect([{ ...route }.numberClass, counted.reads]).toEqual(['international', reads])
  })

  it('of a short code does not either', () => {
    const counted = counting()
    const outsideTo = createOutsideRoutes({ trunks: [], numbers: counted.numbers })
    const shortCodes = { '*3.': { trunks: ['any'], strip: 2 } }
    const route = createCodeLookup({ shortCodes, outsideTo, forwardRoute: () => ({ kind: 'unknown' }) })(`*3${unreadable}`)
    expect([route?.kind, route?.shortCode, counted.reads]).toEqual(['outside', '*3.', 0])
    expect(route).toMatchObject({ numberClass: 'international', number: unreadable })
  })
})
