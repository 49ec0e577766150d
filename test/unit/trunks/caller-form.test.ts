import { describe, expect, it } from 'vitest'
import { dialplan, open, trunkNamed } from '../../support/sip/trunk-bench.js'

describe('a call to a trunk with a form of its own for caller numbers', () => {
  const first = trunkNamed('first')
  const from = (trunk: typeof first, number: string) =>
    open().trunks.outgoing(trunk, '1', { name: '', number, isPrivate: false, isAsserted: true }, dialplan).parts.headers?.From

  it.each([
    ['e164', '0144556677', '+33144556677'],
    ['international', '+33144556677', '0033144556677'],
    ['national', '+442079460100', '00442079460100'],
    ['national', '100', '0199000100'],
    ['national', 'HD0001', '0199000000'],
    ['digits', '112', '112'],
  ] as const)('shows the caller in the form %s of the trunk: %s is %s', (callerNumbers, number, shown) => {
    const trunk = { ...first, callerNumbers }
    expect(from(trunk, number)).toBe(`<sip:${shown}@192.0.2.20>`)
  })

  it('never rewrites the name of our account', () => {
    const trunk = { ...first, callerId: null, username: '33144556677', callerNumbers: 'national' } as const
    expect(from(trunk, 'HD0001')).toBe('<sip:33144556677@192.0.2.20>')
  })
})
