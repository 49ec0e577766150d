import { describe, expect, it } from 'vitest'
import type { DeviceId, NodeName } from '../../../src/base/identity.js'
import type { BoundContact } from '../../../src/registrar/bindings/record.js'
import { createFollower } from '../../../src/registrar/dialog-flow.js'
import { withoutConnection } from '../../../src/registrar/reach.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const [desk, node] = ['HD0001' as DeviceId, 'paris-1' as NodeName]
const flowOfPort = (port: number): string => `sip:192.0.2.7:${port};transport=tcp`

/** A phone in a call over port 1, and what is registered beside. */
function openCall(beside: readonly Partial<BoundContact>[] = [], own: Partial<BoundContact> = {}) {
  const clock = createManualClock(1_000_000)
  const closed = new Set<string>()
  const contact = (port: number, parts: Partial<BoundContact>) =>
    ({
      device: desk,
      node,
      flow: flowOfPort(port),
      local: '',
      path: '',
      callId: `call-${port}`,
      instance: '',
      userAgent: `make ${port}`,
      registered: clock.now() / 1000,
      ...parts,
    }) as BoundContact
  const held = [contact(1, own), ...beside.map((parts, index) => contact(index + 2, parts))]
  const bindings = { of: () => held, isClosed: (flow: string) => closed.has(flow) }
  const farEnd = createFollower({ bindings, node, clock })(desk, { flow: flowOfPort(1), local: '' })
  clock.advance(10_000)
  return {
    farEnd,
    registers: (port: number, parts: Partial<BoundContact> = {}) => held.push(contact(port, parts)),
    refreshes: (port: number) => {
      const at = held.findIndex(({ flow }) => flow === flowOfPort(port))
      held.splice(at, 1, contact(port, { ...held[at], registered: clock.now() / 1000 }))
    },
    expires: (port: number) =>
      held.splice(
        held.findIndex(({ flow }) => flow === flowOfPort(port)),
        1,
      ),
    closes: (port: number) => closed.add(flowOfPort(port)),
    /** The port that the next request goes to. */
    get next() {
      return Number(/:(\d+)/.exec(farEnd.hop()?.slice(4) ?? '')?.[1])
    },
  }
}

describe('the far end of a dialog with a phone whose connection is closed', () => {
  it('is not another phone of the account that was registered at the beginning, even when that phone renews its registration', () => {
    const call = openCall([{}])
    call.closes(1)
    expect(call.next).toBe(1)
    call.refreshes(2)
    expect(call.next).toBe(1)
    call.expires(1)
    expect(call.next).toBe(1)
  })

  it('is where the phone registers next', () => {
    const call = openCall([{}])
    call.closes(1)
    call.registers(3)
    expect(call.next).toBe(3)
  })

  it.each([{ callId: 'call-1' }, { instance: 'urn:uuid:1#2' }])('is its other connection, known by %o', (same) => {
    const call = openCall([same], { instance: 'urn:uuid:1#1' })
    call.closes(1)
    expect(call.next).toBe(2)
  })
})

describe('the far end of a dialog with a phone that does not respond', () => {
  it('is a later contact with the same User-Agent, until the phone sends again', () => {
    const call = openCall()
    call.registers(2, { userAgent: 'make 1' })
    expect(call.next).toBe(1)
    call.farEnd.silent()
    expect(call.next).toBe(2)
    call.farEnd.heard({ address: '192.0.2.7', port: 1, protocol: 'tcp' })
    expect(call.next).toBe(1)
  })

  it('is neither a contact with another User-Agent nor an earlier one', () => {
    const call = openCall([{ userAgent: 'make 1' }])
    call.registers(3)
    call.refreshes(2)
    call.farEnd.silent()
    expect(call.next).toBe(1)
  })
})

describe('a phone whose connection is closed', () => {
  const flow = 'sip:192.0.2.7:40312;transport=tcp'
  const gone = (contact: string, parts: { flow?: string; path?: string } = {}) =>
    withoutConnection({ contact, flow, path: '', local: '192.0.2.1:5060', ...parts })

  it.each([
    ['sip:HD0001@192.0.2.7:5070;transport=tcp', flow, 'sip:192.0.2.7:5070;transport=tcp'],
    ['sip:HD0001@192.0.2.7;transport=TCP', flow, 'sip:192.0.2.7:5060;transport=tcp'],
    ['sips:HD0001@192.0.2.7', 'sip:192.0.2.7:40312;transport=tls', 'sip:192.0.2.7:5061;transport=tls'],
  ])('and whose Contact is %s: is reached there', (contact, over, reached) => {
    expect(gone(contact, { flow: over })).toMatchObject({ flow: reached, local: '' })
  })

  it.each<[string, { flow?: string; path?: string }]>([
    ['sip:HD0001@198.51.100.7:5070;transport=tcp', {}],
    ['sip:HD0001@192.0.2.7:5070', {}],
    ['sip:HD0001@192.0.2.7:5070;transport=tcp', { path: '<sip:192.0.2.9;lr>' }],
    ['sip:HD0001@192.0.2.7:5070;transport=ws', { flow: 'sip:192.0.2.7:40312;transport=ws' }],
  ])('and whose Contact is %s, with %o: is not looked for elsewhere', (contact, parts) => {
    expect(gone(contact, parts)).toMatchObject({ flow: parts.flow ?? flow, local: '192.0.2.1:5060' })
  })
})
