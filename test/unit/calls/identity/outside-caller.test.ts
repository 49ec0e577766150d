import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { nodeIdentity } from '../../../../src/calls/identity/identity-headers.js'
import { createKnownNames } from '../../../../src/calls/identity/known-names.js'
import { outsideCaller } from '../../../../src/calls/identity/outside-caller.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import type { Device, User } from '../../../../src/directory/directory.js'

const plan = (outside: string) =>
  loadDialplan({ text: JSON.stringify({ site: 'paris', extensions: ['10X'], outside }), file: 'paris.yaml', log: silentLogger() })

function open(outside = '0') {
  const dialplan = plan(outside)
  const users = ['Alice', 'Chloé Müller', 'Bob Martin-Smith'].map((name) => ({ name }) as User)
  const off = () => () => undefined
  const directory = { users: () => users, devices: () => [{ id: 'HD0003' } as Device], onUserChange: off, onDeviceChange: off }
  const knownNames = createKnownNames({ directory })
  return (name: string, number: string) => {
    const shown = outsideCaller({ name, number, isPrivate: false, isAsserted: false }, { knownNames, dialplan })
    return [shown.name, shown.number]
  }
}

describe('a caller from outside is shown', () => {
  it.each([
    ['Jo', '+33612345678', 'Jo', '+33612345678'],
    ['Jo', '0612345678', 'Jo', '0612345678'],
    ['Grand Hotel', '+33199000100', 'Grand Hotel', '+33199000100'],
    ['Carla Alicent', '+33612345678', 'Carla Alicent', '+33612345678'],
    ['Zoë', 'bob.smith', 'Zoë', 'bob.smith'],
    ['', '112', '', '112'],
  ])('as it is: %j %s', (name, number, shownName, shownNumber) => {
    expect(open()(name, number)).toEqual([shownName, shownNumber])
  })

  it.each([
    ['of an extension', '100', '0100'],
    ['of an extension in pieces', '1-0 0', '0100'],
    ['of an extension in full-width digits', '１００', '0100'],
    ['of an extension with an invisible character', '1\u200b00', '0100'],
    ['of a phone', 'HD0003', 'anonymous'],
    ['of a phone in small letters', 'hd0003', 'anonymous'],
    ['of an extension at our domain', '100@hotdesk.test', 'anonymous'],
    ['that is a name of ours', 'alice', 'anonymous'],
    ['that logs somebody out when it is dialled back', '*77*5*', 'anonymous'],
  ])('without a name and not by the number %s', (_, number, shown) => {
    expect(open()('Jo', number)).toEqual(['', shown])
  })

  it('as anonymous if no break-out digits distinguish its number from an internal one', () => {
    expect(open('')('Jo', '100')).toEqual(['', 'anonymous'])
  })

  it.each([
    'Alice',
    'Boss Alice',
    'ALICE',
    'A\u0301lice',
    'Ａｌｉｃｅ',
    'Al\u200bice',
    '\u0410lice',
    'chloe muller',
    'Bob Martin Smith',
    'Extension 100',
    '(100)',
    '1 0 0',
    'HD0003',
    'a b c d e f g h i j k l m',
  ])('by the number alone if the name is %j', (name) => {
    expect(open()(name, '+33612345678')).toEqual(['', '+33612345678'])
  })

  it('without control characters and direction marks in the name', () => {
    expect(open()('Jo\u202e\r\n Doe\u0007', '+331')[0]).toBe('Jo   Doe')
  })
})

describe('an identity', () => {
  it.each([
    ['a b', 'a%20b'],
    ['12#34', '12%2334'],
    ['*31*', '*31*'],
    ['100@evil.example', '100%40evil.example'],
    ['x\r\nVia: y', 'x%0D%0AVia%3A%20y'],
    ['100;tag=1', '100%3Btag=1'],
    ['">,<sip:100', '%22%3E,%3Csip%3A100'],
  ])('with the user part %j is sent as %s', (number, encoded) => {
    const { From } = nodeIdentity({ name: 'x"\\\r\n<sip:y>', number, isPrivate: false, isAsserted: false }, 'hotdesk.test')
    expect(From).toBe(`"x\\"\\\\ <sip:y>" <sip:${encoded}@hotdesk.test>`)
  })

  it('is asserted if the network knows it, and not if only its caller supplies it', () => {
    const names = (isAsserted: boolean) => Object.keys(nodeIdentity({ name: '', number: '1', isPrivate: false, isAsserted }, 'x.test'))
    expect([names(true), names(false)]).toEqual([['From', 'P-Asserted-Identity'], ['From']])
  })
})

describe('the display names of a network', () => {
  it('are collected once, however many words a caller sends', () => {
    const off = () => () => undefined
    let collections = 0
    const users = (): readonly User[] => {
      collections += 1
      return [{ name: 'Alice' } as User]
    }
    const knownNames = createKnownNames({
      directory: { users, devices: () => [], onUserChange: off, onDeviceChange: off },
    })
    for (const text of ['some words of a caller', 'Alice', 'some more']) knownNames.resembles(text, plan('0'))
    expect(collections).toBe(1)
  })
})
