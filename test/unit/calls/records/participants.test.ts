import { describe, expect, test } from 'vitest'
import type { Extension } from '../../../../src/base/identity.js'
import type { Call } from '../../../../src/calls/call.js'
import { participantsOf } from '../../../../src/calls/records/participants.js'
import { alice, bob, dev, deviceOf, ext, userOf } from '../routing/scene.js'

type Progress = Call['progress']

const carol = userOf('102', 'Carol')
const caller = { kind: 'device', device: deviceOf('HD0003'), user: carol } as const

/** What the call logs show in place of the record, by user. */
function seen(parts: Partial<Progress>, call: Partial<Pick<Call, 'party' | 'transfer'>> = {}): Readonly<Record<string, unknown>> {
  const progress = { answered: 5_000, reached: '', pickUp: null, called: new Map(), forwarded: new Map(), ...parts } as Progress
  const party = { number: '102', name: 'Carol', isPrivate: false, isAsserted: true }
  const found = participantsOf({ caller, party, transfer: null, progress, ...call })
  return Object.fromEntries(found.map((one) => [`${one.side} ${one.extension}`, one.seen ?? {}]))
}

const called = (...extensions: readonly string[]): Progress['called'] => new Map(extensions.map((one) => [ext(one), [dev('HD0001')]]))
const forwards = (...pairs: readonly (readonly [string, string])[]): Map<Extension, string> =>
  new Map(pairs.map(([by, to]) => [ext(by), to]))

describe('the call log of each user', () => {
  test('shows the talk time of the user who has answered, and none of a user who has forwarded the call', () => {
    expect(seen({ called: called('100', '101'), forwarded: forwards(['100', '101']), reached: 'user 101' })).toEqual({
      'out 102': {},
      'in 100': { talkSeconds: 0, reason: 'forwarded to 101' },
      'in 101': {},
    })
  })

  test.each(['+33123456789', 'voicemail'])('shows no talk time of a call that went outside, to %s', (to) => {
    const parts = { called: called('100'), forwarded: forwards(['100', to]), reached: 'trunk paris-carrier' }
    expect(seen(parts)).toMatchObject({ 'in 100': { talkSeconds: 0, reason: `forwarded to ${to}` } })
  })

  test('keeps the reason if the call did not come to the number to which it was forwarded', () => {
    const parts = { called: called('100'), forwarded: forwards(['100', '101']), answered: null }
    expect(seen({ ...parts, reached: 'user 100' })).toMatchObject({ 'in 100': {} })
    expect(seen({ ...parts, reached: '' })).toMatchObject({ 'in 100': {} })
  })

  test('names the forward of one and the pick-up of the next user', () => {
    const pickUp = { by: ext('102'), from: ext('101') }
    const parts = { called: called('100', '101', '102'), forwarded: forwards(['100', '101']), pickUp, reached: 'user 102' }
    expect(seen(parts)).toMatchObject({
      'in 100': { talkSeconds: 0, reason: 'forwarded to 101' },
      'in 101': { talkSeconds: 0, reason: 'picked up by 102' },
      'in 102': {},
    })
  })

  test('shows a transferor that the call was transferred, or why that failed', () => {
    const transfer = { of: 'a', by: { device: deviceOf('HD0002'), user: bob } }
    const parts = { called: called('100'), reached: 'user 100' }
    expect(seen(parts, { transfer })).toMatchObject({ 'out 101': { talkSeconds: 0, reason: 'transferred' }, 'in 100': {} })
    expect(seen({ ...parts, answered: null }, { transfer })['out 101']).toEqual({})
  })

  test('does not show a caller who wants to be anonymous', () => {
    const party = { number: '102', name: 'Carol', isPrivate: true, isAsserted: true }
    expect(seen({ called: called(alice.extension), reached: 'user 100' }, { party })).toMatchObject({
      'in 100': { caller: 'anonymous', callerName: '', device: '' },
    })
  })
})
