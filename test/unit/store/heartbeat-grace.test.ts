import { describe, expect, it } from 'vitest'
import { createHeartbeatGrace } from '../../../src/store/copy/heartbeat-grace.js'
import { createReplica } from '../../../src/store/copy/replica.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const none = new Map<string, string>()
const seenAt = (seen: string) => new Map([['seen', seen]])

function stage() {
  const clock = createManualClock(1_000_000)
  const replica = createReplica({ clock, onFault: () => undefined })
  const heartbeats = createHeartbeatGrace({ replica, clock })
  replica.put([
    ['node:paris-1', seenAt('1')],
    ['reg:HD0001', new Map([['node', 'paris-1']])],
  ])
  return { clock, replica, heartbeats }
}

describe('a heartbeat that has expired', () => {
  it('is final while Redis is available', () => {
    const { clock, heartbeats } = stage()
    heartbeats.resume()
    clock.advance(10_000)
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBeNull()
  })

  it('is ignored while Redis is lost, and for ten seconds after; then it is checked again', () => {
    const { clock, heartbeats } = stage()
    heartbeats.suspend()
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBe(Number.POSITIVE_INFINITY)
    const { keys, at } = heartbeats.resume()
    expect([keys, at]).toEqual([['node:paris-1'], clock.now() + 10_000])
    clock.advance(9_999)
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBe(at)
    clock.advance(1)
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBeNull()
  })

  it('is final at once for a node that has come back and then ends', () => {
    const { replica, heartbeats } = stage()
    heartbeats.suspend()
    heartbeats.resume()
    expect(heartbeats.awaitedUntil('node:paris-1', seenAt('2'))).toBeNull()
    replica.put([['node:paris-1', seenAt('2')]])
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBeNull()
  })

  it('is ignored for a node that has not come back, even if its last one was still there', () => {
    const { heartbeats } = stage()
    heartbeats.suspend()
    heartbeats.resume()
    expect(heartbeats.awaitedUntil('node:paris-1', seenAt('1'))).toBeNull()
    expect(heartbeats.awaitedUntil('node:paris-1', none)).not.toBeNull()
  })

  it('causes no wait for a node that the copy never had, and no other key is a heartbeat', () => {
    const { heartbeats } = stage()
    heartbeats.suspend()
    expect(heartbeats.awaitedUntil('node:london-1', none)).toBeNull()
    expect(heartbeats.awaitedUntil('reg:HD0001', none)).toBeNull()
  })
})
