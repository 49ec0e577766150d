import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createAssignments } from '../../../src/hotdesk/assignments.js'
import type { AssignmentChange } from '../../../src/hotdesk/hotdesk.js'
import { createReplica } from '../../../src/store/copy/replica.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const faults: unknown[] = []
const hash = (fields: Record<string, string>) => new Map(Object.entries(fields))

function network(hashes: Record<string, Record<string, string>>) {
  const replica = createReplica({ clock: createManualClock(), onFault: (fault) => faults.push(fault) })
  const put = (news: Record<string, Record<string, string>>) =>
    replica.put(Object.entries(news).map(([key, fields]) => [key, hash(fields)]))
  put(hashes)
  const assignments = createAssignments({ replica, log: silentLogger() })
  const changes: AssignmentChange[] = []
  assignments.onChange((change) => changes.push(change))
  return { put, assignments, changes }
}

describe('assignments', () => {
  it('are those of the two hashes; a malformed device or extension is ignored', () => {
    const { assignments } = network({ users: { '100': 'HD0001 HD0002 !' }, devices: { HD0001: '100', HD0002: '100', HD0003: 'Bob' } })
    expect(assignments.devicesOf('100' as never)).toEqual(['HD0001', 'HD0002'])
    expect(assignments.devicesOf('101' as never)).toEqual([])
    expect(assignments.userOn('HD0001' as never)).toBe('100')
    expect(assignments.userOn('HD0003' as never)).toBeNull()
  })

  it('report no change at the start, and each later change once', () => {
    const { put, changes } = network({ devices: { HD0001: '100' } })
    expect(changes).toEqual([])
    put({ devices: { HD0001: '101', HD0002: '100' } })
    expect(changes).toEqual([
      { device: 'HD0001', before: '100', after: '101', cause: 'edited' },
      { device: 'HD0002', before: null, after: '100', cause: 'edited' },
    ])
  })

  it('take the cause of a change from the phone’s record, but never the cause of an earlier change', () => {
    const { put, changes } = network({})
    put({ devices: { HD0001: '100' }, 'device:HD0001': { state: 'active', cause: 'login', epoch: '1' } })
    put({ devices: {} })
    put({ 'device:HD0001': { state: 'idle', cause: 'now', epoch: '2' }, devices: { HD0001: '101' } })
    expect(changes.map(({ cause }) => cause)).toEqual(['login', 'edited', 'now'])
  })

  it('are draining only while a user is logged in', () => {
    const { put, assignments } = network({ 'device:HD0001': { state: 'draining' } })
    expect(assignments.isDraining('HD0001' as never)).toBe(false)
    put({ devices: { HD0001: '100' } })
    expect(assignments.isDraining('HD0001' as never)).toBe(true)
  })

  it('know who is draining, also at a phone that was removed', () => {
    const { put, assignments } = network({
      devices: { HD0001: '100', HD0002: '101' },
      'device:HD0001': {},
      'device:HD0002': { state: 'active' },
    })
    expect([...assignments.draining()]).toEqual(['HD0001'])
    put({ 'device:HD0002': { state: 'draining' }, 'device:HD0001': { state: 'active' } })
    expect([...assignments.draining()]).toEqual(['HD0002'])
    put({ devices: { HD0001: '100' } })
    expect([...assignments.draining()]).toEqual([])
  })

  it('had no listener that failed', () => expect(faults).toEqual([]))
})
