import { describe, expect, it } from 'vitest'
import { phoneDiversions, reportedDiversions } from '../../../../src/calls/identity/diversions.js'
import type { Caller } from '../../../../src/calls/inbound/caller.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import type { Diversion } from '../../../../src/sip/diversion/diversion.js'
import { dialplan, scene, userOf } from './scene.js'

const [trunk] = dialplan.trunks
if (!trunk) throw new Error('the sample has a trunk')
const from = (value: string, caller: Caller = { kind: 'trunk', trunk }) =>
  reportedDiversions({ header: (name) => (name === 'Diversion' ? value : '') }, caller, scene({ plan: dialplan }), { isPrivate: false })

const forward = (number: string, times = 1): Diversion => ({ number, name: '', reason: 'unconditional', times, isPrivate: false })
const forwarding = userOf('100', 'Alice', { rights: 'abroad', forwards: { always: '000441234' } })

function delivered(diversions: readonly Diversion[], user = forwarding) {
  return decide({ kind: 'delivered', number: '+33199000100', diversions }, scene({ users: [user] }))
}

describe('forwards that a trunk reports', () => {
  it('stand for the user with that direct number', () => {
    expect(from('<sip:+33199000100@carrier>;reason=no-answer')).toMatchObject([{ number: '100', reason: 'no-answer', isPrivate: false }])
  })

  it.each([
    ['Diversion', '<tel:100;phone-context=+33-199-000>;reason=no-answer'],
    ['Diversion', '<sip:100;phone-context=+33199000@carrier;user=phone>;reason=no-answer'],
    ['History-Info', '<tel:100;phone-context=+33199000>;index=1, <sip:+441234@carrier;cause=408>;index=1.1;mp=1'],
  ])('RFC 3966 §5.1.5: stand for that user in a %s with a number that is local to a context: %s', (name, value) => {
    const header = (asked: string): string => (asked === name ? value : '')
    const reported = reportedDiversions({ header }, { kind: 'trunk', trunk }, scene({ plan: dialplan }), { isPrivate: false })
    expect(reported).toMatchObject([{ number: '100', reason: 'no-answer', isPrivate: false }])
  })

  it.each([
    ['a number that is also an extension', '<sip:100@carrier>'],
    ['a name', '<sip:alice@carrier>'],
    ['a private number', '<sip:+441234@carrier>;privacy=full'],
  ])('are not shown to phones for %s', (_, value) => {
    expect(from(value)).toMatchObject([{ isPrivate: true }])
    expect(phoneDiversions(from(value), 'hotdesk.test')).toEqual({})
  })

  it('are shown to phones without the name that the trunk gives', () => {
    const expected = '<sip:+441234@hotdesk.test>;reason=away;counter=1;privacy=off'
    expect(phoneDiversions(from('"Alice" <sip:+441234@carrier>;reason=away'), 'hotdesk.test')).toEqual({ Diversion: expected })
  })

  it('of a trunk that is not trusted count, but are not shown', () => {
    expect(from('<sip:+441234@carrier>', { kind: 'trunk', trunk: { ...trunk, trust: 'none' } })).toMatchObject([
      { isPrivate: true, times: 1 },
    ])
  })

  it('are ignored in a call of a phone or of a stranger', () => {
    expect(from('<sip:+441234@carrier>', { kind: 'unknown' })).toEqual([])
  })
})

describe('a call that comes back through another network', () => {
  it('is a loop if it has been at the number of the forward, in whatever form', () => {
    for (const number of ['+441234', '441234']) {
      const { to, steps } = delivered([forward(number)])
      expect(to).toEqual({ kind: 'refused', reason: 'loop' })
      expect(steps.at(-1)?.words).toBe('the call has been at 000441234 before')
    }
  })

  it('is a loop if this user has forwarded it before', () => {
    const { to, steps } = delivered([forward('100')])
    expect(to).toEqual({ kind: 'refused', reason: 'loop' })
    expect(steps.at(-1)?.words).toBe('100 has forwarded the call before')
  })

  it('is forwarded with the history that it has, up to five times', () => {
    const { to } = delivered([forward('+49301', 4)])
    expect(to).toMatchObject({
      kind: 'outside',
      diversions: [
        { number: '+49301', times: 4 },
        { number: '100', reason: 'unconditional' },
      ],
    })
    expect(delivered([forward('+49301', 5)]).to).toEqual({ kind: 'refused', reason: 'loop' })
  })

  it('rings if nothing forwards it', () => {
    const knowledge = scene({ seats: { HD0001: '100' }, registered: { HD0001: 'paris-1' } })
    const to = decide({ kind: 'delivered', number: '+33199000100', diversions: [forward('100', 9)] }, knowledge).to
    expect(to).toMatchObject({ kind: 'phones', history: { diversions: [{ number: '100' }] } })
  })
})
