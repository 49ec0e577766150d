import { describe, expect, it } from 'vitest'
import type { Call } from '../../../../src/calls/call.js'
import type { Caller } from '../../../../src/calls/inbound/caller.js'
import { dialledIn } from '../../../../src/calls/records/record-call.js'
import { alice, deviceOf, node, scene } from '../routing/scene.js'

const from = (caller: Caller, digits: string): string => {
  const call = { kind: 'ordinary', caller, invite: { uri: `sip:${digits}@hotdesk` }, knowledge: scene({ users: [alice] }) }
  return dialledIn(call as unknown as Call)
}

const phone: Caller = { kind: 'device', device: deviceOf('HD0001'), user: alice }
const another = (purpose: 'call' | 'break-out'): Caller => ({
  kind: 'node',
  node: { name: node('london-1') } as Extract<Caller, { kind: 'node' }>['node'],
  hops: 1,
  purpose,
})

describe('the digits of a call in records and lists', () => {
  it.each([
    ['a phone', phone],
    ['a user at another site who breaks out', another('break-out')],
  ])('are hidden if %s has dialled digits that lead nowhere, because they may be a PIN', (_who, caller) => {
    expect(from(caller, '471147')).toBe('unknown')
    expect(from(caller, '100')).toBe('100')
  })

  it('are shown if another node has found the user', () => {
    expect(from(another('call'), '471147')).toBe('471147')
  })
})
