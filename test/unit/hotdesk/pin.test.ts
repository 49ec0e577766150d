import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { hashPin, issuePin, verifyPin, weaknessOf } from '../../../src/hotdesk/pin.js'
import { defaults } from '../../support/node/default-settings.js'

const weakness = (digits: string, extension = '100') => weaknessOf(new Secret(digits), extension, defaults.pin)

describe('a PIN', () => {
  it.each([
    ['4711', null],
    ['1357', null],
    ['1122', null],
    ['1001', null],
    ['123', 'wrong-length'],
    ['12345678901', 'wrong-length'],
    ['12a4', 'wrong-length'],
    ['', 'wrong-length'],
    ['0000', 'all-the-same'],
    ['7777777777', 'all-the-same'],
    ['1234', 'running-digits'],
    ['4321', 'running-digits'],
    ['7890', 'running-digits'],
    ['3210', 'running-digits'],
  ])('%s is refused as %s', (digits, expected) => expect(weakness(digits)).toBe(expected))

  it('must not be the user’s own extension', () => {
    expect(weakness('4711', '4711')).toBe('own-extension')
    expect(weakness('4711', '4712')).toBeNull()
  })

  it('that is issued has six digits and is never refused', () => {
    for (let i = 0; i < 1_000; i++) {
      const pin = issuePin('100', defaults.pin)
      expect(pin.length).toBe(6)
      expect(weaknessOf(pin, '100', defaults.pin)).toBeNull()
    }
  })

  it('has the length that the installer sets', () => {
    const policy = { minDigits: 6, maxDigits: 8, issuedDigits: 8 }
    const words = ['47114', '471147', '47114711', '471147114'].map((digits) => weaknessOf(new Secret(digits), '100', policy))
    expect(words).toEqual(['wrong-length', null, null, 'wrong-length'])
    expect(issuePin('100', policy).length).toBe(8)
  })
})

describe('the hash of a PIN', () => {
  it('has the form scrypt$N$r$p$salt$hash, another salt each time, and no digit of the PIN in clear', async () => {
    const [first, second] = await Promise.all([hashPin(new Secret('4711')), hashPin(new Secret('4711'))])
    expect(first).toMatch(/^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
    expect(second).not.toBe(first)
  })

  it('verifies its own PIN and no other', async () => {
    const hash = await hashPin(new Secret('4711'))
    expect(await verifyPin(new Secret('4711'), hash)).toBe(true)
    for (const other of ['4712', '04711', '471', '47111', '']) expect(await verifyPin(new Secret(other), hash)).toBe(false)
  })

  it('verifies with the parameters that it was made with', async () => {
    // RFC 7914 §12, the second of the vectors: its first 32 bytes.
    const hash = 'scrypt$1024$8$16$TmFDbA$_bq-HJ00cgB4VucZDQHp_nxq18vII3gw53N2Y0s3MWI'
    expect(await verifyPin(new Secret('password'), hash)).toBe(true)
    expect(await verifyPin(new Secret('passwore'), hash)).toBe(false)
  })

  it.each([
    null,
    '',
    'scrypt$',
    'plain$4711',
    'scrypt$1000$8$1$aa$bb',
    'scrypt$0$8$1$aa$bb',
    'scrypt$16384$8$1$$',
    'scrypt$16384$8$1$aa$bb',
  ])('%s verifies nothing, and causes no fault', async (hash) => {
    expect(await verifyPin(new Secret('4711'), hash)).toBe(false)
  })

  it('verifies nothing, whatever its text is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        expect(await verifyPin(new Secret('4711'), text)).toBe(false)
      }),
      { numRuns: 20 },
    )
  })

  it('takes the same time if it is missing as if it is wrong', async () => {
    const hash = await hashPin(new Secret('4711'))
    const spent = async (wanted: string | null) => {
      const before = process.cpuUsage()
      for (let i = 0; i < 8; i++) await verifyPin(new Secret('1111'), wanted)
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    const [none, wrong] = [await spent(null), await spent(hash)]
    expect(none / wrong).toBeGreaterThan(0.5)
    expect(none / wrong).toBeLessThan(2)
  })
})
