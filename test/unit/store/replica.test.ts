import { describe, expect, it } from 'vitest'
import { createReplica } from '../../../src/store/copy/replica.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const hash = (fields: Record<string, string>) => new Map(Object.entries(fields))

function replicaOf() {
  const clock = createManualClock(1_000)
  const faults: unknown[] = []
  const replica = createReplica({ clock, onFault: (fault) => faults.push(fault) })
  const told: string[] = []
  replica.onChange((key) => told.push(key))
  return { clock, faults, replica, told }
}

describe('the copy in memory', () => {
  it('reports what differs, and nothing else', () => {
    const { replica, told } = replicaOf()
    replica.put([
      ['users', hash({ '100': 'HD0001' })],
      ['devices', hash({ HD0001: '100' })],
    ])
    replica.put([
      ['users', hash({ '100': 'HD0001' })],
      ['devices', hash({ HD0001: '101' })],
      ['user:100', hash({})],
    ])
    expect(told).toEqual(['users', 'devices', 'devices'])
  })

  it('is complete before it reports anything', () => {
    const { replica } = replicaOf()
    const seen: unknown[] = []
    replica.onChange(() => seen.push(replica.hash('users')?.size, replica.hash('devices')?.size))
    replica.put([
      ['users', hash({ '100': 'HD0001' })],
      ['devices', hash({ HD0001: '100' })],
    ])
    expect(seen).toEqual([1, 1, 1, 1])
  })

  it('has no empty hashes, like Redis', () => {
    const { replica, told } = replicaOf()
    replica.put([['users', hash({ '100': 'HD0001' })]])
    replica.put([['users', hash({})]])
    expect(replica.hash('users')).toBeUndefined()
    expect(told).toEqual(['users', 'users'])
  })

  it('names the fields that differ, whether all or some of the hash was read', () => {
    const { replica } = replicaOf()
    const fields: (readonly string[])[] = []
    replica.put([['users', hash({ '100': 'HD0001', '101': 'HD0002', '102': 'HD0003' })]])
    replica.onChange((_, differing) => fields.push(differing))
    replica.put([['users', hash({ '100': 'HD0001', '101': 'HD0009', '103': 'HD0003' })]])
    const news = { '100': 'HD0001', '101': 'HD0002', '103': null, '104': null }
    replica.put([], [['users', new Map(Object.entries(news))]])
    expect(fields).toEqual([
      ['101', '103', '102'],
      ['101', '103'],
    ])
    expect(replica.hash('users')).toEqual(hash({ '100': 'HD0001', '101': 'HD0002' }))
  })

  it('removes a hash with its last field, and creates one with the first', () => {
    const { replica, told } = replicaOf()
    replica.put([], [['users', new Map([['100', 'HD0001']])]])
    expect(replica.hash('users')?.get('100')).toBe('HD0001')
    replica.put([], [['users', new Map([['100', null]])]])
    expect(replica.hash('users')).toBeUndefined()
    expect(told).toEqual(['users', 'users'])
  })

  it('gives a snapshot that no later change reaches', () => {
    const { replica } = replicaOf()
    replica.put([['users', hash({ '100': 'HD0001' })]])
    replica.put([], [['users', new Map([['101', 'HD0002']])]])
    const moment = replica.snapshot()
    replica.put([], [['users', new Map([['101', 'HD0003']])]])
    expect(moment).toEqual(new Map([['users', hash({ '100': 'HD0001', '101': 'HD0002' })]]))
  })

  it('finds keys by prefix', () => {
    const { replica } = replicaOf()
    replica.put(['user:100', 'user:101', 'users', 'device:HD0001'].map((key) => [key, hash({ a: 'b' })]))
    expect([...replica.keysUnder('user:')]).toEqual(['user:100', 'user:101'])
  })

  it('has the age of its last fresh moment', () => {
    const { replica, clock } = replicaOf()
    replica.setFreshness('fresh')
    clock.advance(5_000)
    expect(replica.ageMs()).toBe(0)
    replica.setFreshness('stale')
    clock.advance(2_000)
    replica.setFreshness('stale')
    clock.advance(1_000)
    expect(replica.ageMs()).toBe(3_000)
  })

  it('has the age of the saved copy that it was filled from', () => {
    const { replica, clock } = replicaOf()
    replica.setFreshness({ at: 400 })
    clock.advance(100)
    expect(replica.ageMs()).toBe(700)
  })

  it('continues after a listener that fails, and reports the fault', () => {
    const { replica, told, faults } = replicaOf()
    replica.onChange(() => {
      throw new Error('oops')
    })
    replica.put([['users', hash({ a: 'b' })]])
    expect(told).toEqual(['users'])
    expect(faults).toHaveLength(1)
  })
})
