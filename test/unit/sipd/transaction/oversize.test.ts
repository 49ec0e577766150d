import { describe, expect, test } from 'vitest'
import { createOversizeRule } from '../../../../src/sipd/transaction/client/oversize.js'
import { createManualClock } from '../../../support/process/manual-clock.js'
import { peer, we } from '../../../support/sip/still-layer.js'

const udp = { protocol: 'udp', remote: peer, local: we, advertised: we } as const
const tcp = { ...udp, protocol: 'tcp' } as const

function stage() {
  const clock = createManualClock()
  return { clock, rule: createOversizeRule({ clock, limit: 1_300, transports: { hopTo: (protocol) => ({ ...udp, protocol }) } }) }
}

describe('RFC 3261 §18.1.1: a request', () => {
  test('of 1300 bytes is sent over UDP, a larger one over TCP', () => {
    const { rule } = stage()
    expect(rule.streamFor(udp, 1_300)).toBeNull()
    expect(rule.streamFor(udp, 1_301)).toEqual(tcp)
  })

  test('to a peer that has refused TCP is sent over UDP for ten minutes; then, and for others, TCP is tried', () => {
    const { rule, clock } = stage()
    rule.refused(peer)
    expect(rule.streamFor({ ...udp, remote: { ...peer, port: 5_080 } }, 2_000)).not.toBeNull()
    clock.advance(10 * 60_000 - 1)
    expect(rule.streamFor(udp, 2_000)).toBeNull()
    clock.advance(1)
    expect(rule.streamFor(udp, 2_000)).toEqual(tcp)
  })
})
