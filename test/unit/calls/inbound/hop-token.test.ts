import { describe, expect, it } from 'vitest'
import { type NodeName, parseNodeName } from '../../../../src/base/identity.js'
import { Secret } from '../../../../src/base/secret.js'
import { createHopTokens, type Hop, type HopTokenNeeds } from '../../../../src/calls/inbound/hop-token.js'
import { signedContent } from '../../../../src/calls/inbound/signed-content.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const secret = new Secret('the secret of one network')
const content = 'what the call carries'
const passage: Hop = { from: name('paris-1'), to: name('london-1'), callId: 'c1@paris-1', target: '100', hops: 1, purpose: 'call' }
const arrived = { to: passage.to, callId: passage.callId, target: passage.target, content }

function name(text: string): NodeName {
  const parsed = parseNodeName(text)
  if (!parsed) throw new Error(text)
  return parsed
}

/** Both nodes have run for an hour. */
function office(atSender: Partial<HopTokenNeeds> = {}, atReceiver: Partial<HopTokenNeeds> = {}) {
  const clock = createManualClock(1_800_000_000_000)
  const common: HopTokenNeeds = { secret, network: 'hd', clock, uptime: () => 3_600_000, versionAt: () => 2 }
  const sender = createHopTokens({ ...common, ...atSender })
  return { clock, sender, receiver: createHopTokens({ ...common, ...atReceiver }) }
}

describe('a hop token', () => {
  it('carries the caller and the number of hops to the receiving node', () => {
    const { sender, receiver } = office()
    expect(receiver.verify(sender.sign(passage, content), arrived)).toEqual(passage)
  })

  it.each([
    ['another call', { ...arrived, callId: 'c2@paris-1' }],
    ['another number', { ...arrived, target: '911' }],
    ['another node', { ...arrived, to: name('oslo-1') }],
    ['another content', { ...arrived, content: 'something else' }],
  ])('is invalid for %s', (_what, elsewhere) => {
    const { sender, receiver } = office()
    expect(receiver.verify(sender.sign(passage, content), elsewhere)).toBe('forged')
  })

  it.each([
    ['with another secret', { secret: new Secret('the secret of another network') }],
    ['in another network with the same secret', { network: 'other' }],
  ])('is invalid if it was made %s', (_what, needs) => {
    const { sender, receiver } = office(needs)
    expect(receiver.verify(sender.sign(passage, content), arrived)).toBe('forged')
  })

  it.each(['v=1', 'hops=0', 'from=oslo-1', 't=1800000000001'])('is invalid if it was changed to %s', (changed) => {
    const { sender, receiver } = office()
    const key = changed.split('=')[0]
    const forged = sender.sign(passage, content).replace(new RegExp(`${key}=[^;]+`), changed)
    expect(receiver.verify(forged, arrived)).toBe('forged')
  })

  describe('for a break-out', () => {
    const breakOut: Hop = { ...passage, purpose: 'break-out' }

    it('carries the purpose', () => {
      const { sender, receiver } = office()
      expect(receiver.verify(sender.sign(breakOut, content), arrived)).toEqual(breakOut)
    })

    it.each([
      ['passed off as an ordinary call', (token: string) => token.replace('v=3', 'v=2').replace(';for=break-out', '')],
      ['of another version', (token: string) => token.replace('v=3', 'v=2')],
      ['without its purpose', (token: string) => token.replace(';for=break-out', '')],
      ['for another purpose', (token: string) => token.replace('for=break-out', 'for=pick-up')],
      ['for a purpose that nobody knows', (token: string) => token.replace('for=break-out', 'for=telepathy')],
    ])('is invalid if it is %s', (_what, change) => {
      const { sender, receiver } = office()
      expect(receiver.verify(change(sender.sign(breakOut, content)), arrived)).toBe('forged')
    })

    it('is not made of the token of an ordinary call', () => {
      const { sender, receiver } = office()
      const forged = sender.sign(passage, content).replace('v=2', 'v=3').replace(';mark', ';for=break-out;mark')
      expect(receiver.verify(forged, arrived)).toBe('forged')
    })
  })

  it('cannot be used twice', () => {
    const { sender, receiver } = office()
    const token = sender.sign(passage, content)
    receiver.verify(token, arrived)
    expect(receiver.verify(token, arrived)).toBe('used')
  })

  it('cannot be used twice while it is fresh, whatever calls come in between and whichever clock is ahead', () => {
    const clock = createManualClock(1_800_000_000_000)
    const ahead = office({ clock: createManualClock(clock.now() + 4_000) }).sender
    const { sender, receiver } = office({ clock }, { clock })
    const token = ahead.sign(passage, content)
    expect(receiver.verify(token, arrived)).toEqual(passage)
    for (const callId of ['c2', 'c3']) {
      clock.advance(31_000)
      expect(receiver.verify(sender.sign({ ...passage, callId }, content), { ...arrived, callId })).toMatchObject({ callId })
      expect(receiver.verify(token, arrived)).toBe('used')
    }
  })

  it('cannot be used again after a restart of the node that has seen it', () => {
    const { clock, sender, receiver } = office()
    const token = sender.sign(passage, content)
    receiver.verify(token, arrived)
    clock.advance(5_000)
    let up = 2_000
    const restarted = office({}, { clock, uptime: () => up }).receiver
    expect(restarted.verify(token, arrived)).toBe('stale')
    up = 4_999
    expect(restarted.verify(token, arrived)).toBe('stale')
    expect(restarted.verify(sender.sign(passage, content), arrived)).toEqual(passage)
  })

  it('is stale after a minute, and invalid if it is from the future', () => {
    const { clock, sender, receiver } = office()
    const token = sender.sign(passage, content)
    clock.advance(61_000)
    expect(receiver.verify(token, arrived)).toBe('stale')
    const early = office({ clock: createManualClock(clock.now() + 6_000) }).sender
    expect(receiver.verify(early.sign(passage, content), arrived)).toBe('stale')
  })

  it.each(['', 'v=1', 'v=2;from=paris-1;hops=0;t=1800000000;mark=x', 'x'.repeat(8000)])('that is malformed is refused: %.20s', (text) => {
    expect(office().receiver.verify(text, arrived)).toBe('forged')
  })

  it('is remembered only as long as it could be used again', () => {
    const { clock, sender, receiver } = office()
    for (let i = 0; i < 1000; i++) {
      const callId = `c${i}`
      expect(receiver.verify(sender.sign({ ...passage, callId }, content), { ...arrived, callId })).toMatchObject({ callId })
      clock.advance(1_000)
    }
    expect(receiver.remembered).toBeLessThan(200)
  })
})

describe('a hop token between nodes of two versions', () => {
  it('is one that the older node understands, and the token of the older node is accepted', () => {
    const { sender, receiver } = office({ versionAt: () => 1 }, { versionAt: () => 1 })
    const token = sender.sign(passage, content)
    expect(token).toMatch(/^v=1;from=paris-1;hops=1;t=1800000000;mark=/)
    expect(receiver.verify(token, arrived)).toEqual(passage)
  })

  it('is refused in the first version from a node that makes the second', () => {
    const { sender, receiver } = office({ versionAt: () => 1 })
    expect(receiver.verify(sender.sign(passage, content), arrived)).toBe('outdated')
  })
})

describe('the content that is signed', () => {
  const headers: Record<string, string> = {
    'P-Asserted-Identity': '"Zoë, Sales" <sip:100@hotdesk.example>',
    'Call-Info': '<sip:a>; answer-after=0',
  }
  const contents = (changes: Record<string, string> = {}, body = 'v=0\r\n') => {
    const all = { ...headers, ...changes }
    return signedContent({ header: (name) => all[name] ?? '', body })
  }

  it('is the same in another spelling', () => {
    const other = contents(
      { 'P-Asserted-Identity': '"Zoë, Sales"  <sip:%3100@10.0.0.1;x=y>', 'Call-Info': '<sip:a>;answer-after=0' },
      'v=0',
    )
    expect(other).toBe(contents())
  })

  it.each([
    ['the number of the caller', { 'P-Asserted-Identity': '"Zoë, Sales" <sip:101@hotdesk.example>' }],
    ['the name of the caller', { 'P-Asserted-Identity': '"Boss" <sip:100@hotdesk.example>' }],
    ['the caller, by taking the header away', { 'P-Asserted-Identity': '', From: '<sip:101@hotdesk.example>' }],
    ['the wish for privacy', { Privacy: 'id' }],
    ['what makes a phone answer by itself', { 'Alert-Info': '<http://x>;info=alert-autoanswer' }],
    ['what makes another phone answer by itself', { 'Call-Info': '<sip:a>;answer-after=5' }],
    ['the urgency', { Priority: 'emergency' }],
  ])('differs with another value of %s', (_what, changes) => {
    expect(contents(changes)).not.toBe(contents())
  })

  it('differs with another session description', () => {
    expect(contents({}, 'v=0\r\nc=IN IP4 203.0.113.66\r\n')).not.toBe(contents())
  })
})
