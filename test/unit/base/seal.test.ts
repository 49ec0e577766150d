import { describe, expect, it } from 'vitest'
import type { DeviceId } from '../../../src/base/identity.js'
import { createSeal } from '../../../src/base/seal.js'
import { Secret } from '../../../src/base/secret.js'
import { sealWith } from '../../support/node/default-settings.js'
import { sealedByEarlierVersion } from '../../support/node/old-seal.js'

const [desk1, desk2] = ['HD0001' as DeviceId, 'HD0002' as DeviceId]
const secret = 'the secret of the network'
const seal = sealWith(secret)
const broken: unknown = expect.objectContaining({ code: 'SEAL_BROKEN' })
const opening = (sealed: string, device = desk1, by = seal) => {
  try {
    return by.open(sealed, device).reveal()
  } catch (fault) {
    return fault
  }
}

describe('a sealed password', () => {
  const sealed = seal.close(new Secret('open sesame'), desk1)

  it('opens for its device, and reads differently each time', () => {
    expect(opening(sealed)).toBe('open sesame')
    expect(seal.close(new Secret('open sesame'), desk1)).not.toBe(sealed)
  })

  it('does not open for another device, network or secret', () => {
    expect(opening(sealed, desk2)).toEqual(broken)
    expect(opening(sealed, desk1, createSeal(new Secret(secret), 'other'))).toEqual(broken)
    expect(opening(sealed, desk1, sealWith('another secret'))).toEqual(broken)
  })

  it('cannot be turned into the unbound form of earlier versions', () => {
    expect(opening(sealed.replace('sealed.2', 'sealed.1'), desk2)).toEqual(broken)
  })

  it('written to Redis by this version opens in later ones', () => {
    expect(opening('sealed.2.pn2fZnIrQ4tw-aOx.NO9DseRck_RyBsVkqQpumA.RC_c_f37fj1Xbq8')).toBe('open sesame')
  })

  it('of an earlier version opens, and is reported as unbound', () => {
    const old = sealedByEarlierVersion('open sesame', secret)
    expect([opening(old), seal.isBound(old), seal.isBound(sealed)]).toEqual(['open sesame', false, true])
  })

  it.each([4, 8, 12, 13, 14, 15, 17, 0])('with a tag of %i bytes does not open', (length) => {
    for (const whole of [sealed, sealedByEarlierVersion('open sesame', secret)]) {
      const [form, version, nonce, tag = '', text] = whole.split('.')
      const cut = Buffer.concat([Buffer.from(tag, 'base64url'), Buffer.alloc(1)]).subarray(0, length)
      expect(opening([form, version, nonce, cut.toString('base64url'), text].join('.'))).toEqual(broken)
    }
  })

  it('with any character changed does not open', () => {
    for (let at = 'sealed.2.'.length; at < sealed.length - 1; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      // The last bits of a piece may say nothing.
      const [, , ...bytes] = changed.split('.').map((piece) => Buffer.from(piece, 'base64url').toString('hex'))
      const [, , ...before] = sealed.split('.').map((piece) => Buffer.from(piece, 'base64url').toString('hex'))
      if (bytes.join('.') !== before.join('.')) expect(opening(changed), changed).toEqual(broken)
    }
  })

  it.each(['', 'clear text', 'sealed.1', 'sealed.2.a.b', 'sealed.2.a.b.c.d', 'sealed.3.a.b.c'])('is not %j', (text) => {
    expect(opening(text)).toEqual(broken)
  })
})
