import { describe, expect, it } from 'vitest'
import type { Trunk } from '../../../src/dialplan/dialplan.js'
import { dialplan, open, trunkNamed } from '../../support/sip/trunk-bench.js'

const first = trunkNamed('first')

describe('a trunk with a form of its own for the caller', () => {
  const { outgoing } = open().trunks
  const alice = { name: 'Alice', number: '100', isPrivate: false, isAsserted: true }
  const headersOf = (more: Partial<Trunk>, party = alice) => outgoing({ ...first, ...more }, '1', party, dialplan).parts.headers
  const shown = '"Alice" <sip:+33199000100@192.0.2.20>'
  const account = '<sip:paris@192.0.2.20>'

  it('gets the number in the headers that it names, and our account in From', () => {
    expect(headersOf({ callerIn: ['P-Preferred-Identity'] })).toEqual({ From: account, 'P-Preferred-Identity': shown })
    expect(headersOf({ callerIn: ['Remote-Party-ID', 'P-Asserted-Identity'] })).toEqual({
      From: account,
      'Remote-Party-ID': `${shown};party=calling;privacy=off;screen=yes`,
      'P-Asserted-Identity': shown,
    })
    expect(headersOf({ callerIn: ['From'] })).toEqual({ From: shown })
  })

  it('gets the number in From all the same if there is no account', () => {
    expect(headersOf({ callerIn: ['P-Asserted-Identity'], username: null })).toEqual({ From: shown, 'P-Asserted-Identity': shown })
  })

  it('RFC 3325 §9.1: gets the identity as a sip and a tel URI, if the number is a global one', () => {
    expect(headersOf({ telIdentity: true })).toEqual({ From: shown, 'P-Asserted-Identity': `${shown}, <tel:+33199000100>` })
    const local = { ...alice, name: '', number: '0144556677' }
    expect(headersOf({ telIdentity: true }, local)).toMatchObject({ 'P-Asserted-Identity': '<sip:0144556677@192.0.2.20>' })
  })

  it('gets our account in the From of an anonymous call if it wants that, and the number in no header', () => {
    const hidden = { ...alice, isPrivate: true }
    const callerIn = ['From', 'P-Asserted-Identity', 'P-Preferred-Identity', 'Remote-Party-ID'] as const
    expect(headersOf({ callerIn, anonymousFrom: 'account' }, hidden)).toEqual({
      From: '"Anonymous" <sip:paris@192.0.2.20>',
      Privacy: 'id',
    })
    expect(headersOf({ callerIn, trust: 'full' }, hidden)).toMatchObject({
      From: '"Anonymous" <sip:anonymous@anonymous.invalid>',
      'Remote-Party-ID': `${shown};party=calling;privacy=full;screen=yes`,
      Privacy: 'id',
    })
  })

  it('is not shown as asserted what only the caller states', () => {
    const callerIn = ['From', 'P-Asserted-Identity', 'P-Preferred-Identity', 'Remote-Party-ID'] as const
    expect(headersOf({ callerIn, telIdentity: true }, { ...alice, isAsserted: false })).toEqual({ From: shown })
  })

  it('gets the headers that it wants in every call', () => {
    expect(headersOf({ headers: { 'X-Customer': '4711' } })).toEqual({ 'X-Customer': '4711', From: shown, 'P-Asserted-Identity': shown })
  })
})
