import { describe, expect, it } from 'vitest'
import { type NodeName, parseNodeName } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import { createPassports, type Passage } from '../../../src/calls/parties/node-passport.js'
import { createManualClock } from '../../support/manual-clock.js'

const secret = new Secret('the secret of one network')
const passage: Passage = { from: name('paris-1'), to: name('london-1'), callId: 'c1@paris-1', target: '100', hops: 1 }
const arrived = { to: passage.to, callId: passage.callId, target: passage.target }

function name(text: string): NodeName {
  const parsed = parseNodeName(text)
  if (!parsed) throw new Error(text)
  return parsed
}

function office(from = secret) {
  const clock = createManualClock(1_800_000_000_000)
  return { clock, sender: createPassports({ secret: from, clock }), receiver: createPassports({ secret, clock }) }
}

describe('a passport between nodes', () => {
  it('tells the receiving node who calls and how often the call was handed on', () => {
    const { sender, receiver } = office()
    expect(receiver.verify(sender.sign(passage), arrived)).toEqual(passage)
  })

  it.each([
    ['another call', { ...arrived, callId: 'c2@paris-1' }],
    ['another number', { ...arrived, target: '911' }],
    ['another node', { ...arrived, to: name('oslo-1') }],
  ])('is worth nothing for %s', (_what, elsewhere) => {
    const { sender, receiver } = office()
    expect(receiver.verify(sender.sign(passage), elsewhere)).toBeNull()
  })

  it('is worth nothing when it was made with another secret', () => {
    const { sender, receiver } = office(new Secret('the secret of another network'))
    expect(receiver.verify(sender.sign(passage), arrived)).toBeNull()
  })

  it.each(['hops=0', 'from=oslo-1', 't=1800000001'])('is worth nothing when it was changed to %s', (changed) => {
    const { sender, receiver } = office()
    const key = changed.split('=')[0]
    const forged = sender.sign(passage).replace(new RegExp(`${key}=[^;]+`), changed)
    expect(receiver.verify(forged, arrived)).toBeNull()
  })

  it('cannot be used a second time', () => {
    const { sender, receiver } = office()
    const passport = sender.sign(passage)
    receiver.verify(passport, arrived)
    expect(receiver.verify(passport, arrived)).toBeNull()
  })

  it('grows stale after a minute', () => {
    const { clock, sender, receiver } = office()
    const passport = sender.sign(passage)
    clock.advance(61_000)
    expect(receiver.verify(passport, arrived)).toBeNull()
  })

  it.each(['', 'v=1', 'v=2;from=paris-1;hops=0;t=1800000000;mark=x', 'x'.repeat(8000)])(
    'that is no passport at all is refused: %.20s',
    (text) => {
      expect(office().receiver.verify(text, arrived)).toBeNull()
    },
  )

  it('is remembered only as long as it could be used again', () => {
    const { clock, sender, receiver } = office()
    for (let i = 0; i < 1000; i++) {
      const callId = `c${i}`
      expect(receiver.verify(sender.sign({ ...passage, callId }), { ...arrived, callId })).not.toBeNull()
      clock.advance(1_000)
    }
    expect(receiver.remembered).toBeLessThan(200)
  })
})
