import { describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { passwordStrength, passwordWarnings } from '../../../src/cli/exchange/password-strength.js'
import { newPassword } from '../../../src/cli/records/devices.js'

const strengthOf = (text: string): string => passwordStrength(new Secret(text), 'HD0001')

describe('the strength of a SIP password', () => {
  it.each([
    '12345678',
    '1234567890',
    '87654321',
    'abcdefgh',
    'aaaaaaaa',
    '12121212',
    'abababab',
    '00000000',
    'HD0001HD',
    'hd00011234',
    'xxHD0001',
    'password',
    'Password1!',
    'p4$$w0rd',
    'PASSWORD2024',
    'admin123',
    'changeme1',
    'asterisk',
    'qwertyui',
    'hotdesk1',
    'test1234',
  ])('is trivial: %s', (text) => {
    expect(strengthOf(text)).toBe('trivial')
  })

  it.each(['k3v9x2mq', 'Tr0ub4dor', '48291736', '4829173650284', 'Paris2024', 'a7#Kq9!z'])('is weak: %s', (text) => {
    expect(strengthOf(text)).toBe('weak')
  })

  it.each(['k3v9x2mqk3v9', 'not-so-secret', 'f3a91c07d2e85b64', 'Xy7#Kq9!zP'])('is good: %s', (text) => {
    expect(strengthOf(text)).toBe('good')
  })

  it('is good for those that hotdesk makes', () => {
    for (let made = 0; made < 100; made++) expect(passwordStrength(newPassword(), 'HD0001')).toBe('good')
  })

  it('gives doubts that name the phones and never a password', () => {
    const doubts = passwordWarnings(
      new Map([
        ['HD0001', new Secret('k3v9x2mq')],
        ['HD0002', new Secret('Xy7#Kq9!zP')],
        ['HD0003', new Secret('Xy7#Kq9!zP')],
      ]),
    )
    expect(doubts.map((doubt) => doubt.split(':')[0])).toEqual(['HD0001', 'HD0002, HD0003'])
    expect(doubts.join()).not.toMatch(/k3v9|Kq9/)
  })
})
