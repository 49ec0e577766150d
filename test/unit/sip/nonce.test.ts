import { describe, expect, test } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { createNonceForm } from '../../../src/sip/auth/nonce.js'

const key = new Secret('11'.repeat(32))
const form = createNonceForm({ key, issuer: 'aabbccddeeff' })

describe('a nonce bound to an address', () => {
  test('is accepted from that address only', () => {
    const nonce = form.read(form.print(1_800_000_000_000, '192.0.2.7'))
    expect(nonce?.issued).toBe(1_800_000_000_000)
    expect([nonce?.isFor('192.0.2.7'), nonce?.isFor('192.0.2.8'), nonce?.isFor('2001:db8::7')]).toEqual([true, false, false])
  })

  test('proves the address also if another process of the network issued it', () => {
    const other = createNonceForm({ key, issuer: '000000000001' })
    const nonce = form.read(other.print(1, '192.0.2.7'))
    expect([nonce?.isOwn, nonce?.isFor('192.0.2.7')]).toEqual([false, true])
  })

  test('is rejected if made with another key or altered in any character', () => {
    const text = form.print(1, '192.0.2.7')
    expect(createNonceForm({ key: new Secret('22'.repeat(32)), issuer: 'aabbccddeeff' }).read(text)).toBeNull()
    for (let at = 0; at < text.length; at += 1) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      expect(form.read(changed), changed).toBeNull()
    }
    for (const odd of ['', 'x'.repeat(59), `${text}=`, 'ä'.repeat(59)]) expect(form.read(odd), odd).toBeNull()
  })
})
