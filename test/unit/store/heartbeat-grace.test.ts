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

describe('a heartbeat that has run out', () => {
  it('is believed while Redis is there', () => {
    const { clock, heartbeats } = stage()
    heartbeats.resume()
    clock.advance(10_000)
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBeNull()
  })

  it('is not while Redis is lost, nor for ten seconds after; then it is looked at again', () => {
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

  it('is believed at once of a node that has come back and ends then', () => {
    const { replica, heartbeats } = stage()
    heartbeats.suspend()
    heartbeats.resume()
    expect(heartbeats.awaitedUntil('node:paris-1', seenAt('2'))).toBeNull()
    replica.put([['node:paris-1', seenAt('2')]])
    expect(heartbeats.awaitedUntil('node:paris-1', none)).toBeNull()
  })

  it('is not believed of a node that has not come back, though its last one was still there', () => {
    const { heartbeats } = stage()
    heartbeats.suspend()
    heartbeats.resume()
    expect(heartbeats.awaitedUntil('node:paris-1', seenAt('1'))).toBeNull()
    expect(heartbeats.awaitedUntil('node:paris-1', none)).not.toBeNull()
  })

  it('is nothing to wait for of a node that the copy never had, and nothing else is one', () => {
    const { heartbeats } = stage()
    heartbeats.suspend()
    expect(heartbeats.awaitedUntil('node:london-1', none)).toBeNull()
    expect(heartbeats.awaitedUntil('reg:HD0001', none)).toBeNull()
  })
})
