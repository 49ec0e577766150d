import { describe, expect, it } from 'vitest'
import { createRefetchQueue } from '../../../src/store/copy/refetch-queue.js'

describe('the refetch queue', () => {
  it('returns a whole hash once, when it is due', () => {
    const queue = createRefetchQueue()
    queue.whole('users', 100)
    queue.whole('user:100', 50)
    expect(queue.next()).toBe(50)
    expect(queue.take(49)).toEqual({ whole: [], fields: [] })
    expect(queue.take(50)).toEqual({ whole: ['user:100'], fields: [] })
    expect(queue.next()).toBe(100)
    expect(queue.take(1_000)).toEqual({ whole: ['users'], fields: [] })
    expect(queue.next()).toBeNull()
  })

  it('uses the earlier of two times', () => {
    const queue = createRefetchQueue()
    queue.whole('users', 100)
    queue.whole('users', 20)
    queue.whole('users', 300)
    expect(queue.next()).toBe(20)
  })

  it('returns fields at once, each once, while the whole hash waits', () => {
    const queue = createRefetchQueue()
    queue.whole('users', 5_000)
    queue.fields('users', ['100', '101'])
    queue.fields('users', ['101', '102'])
    expect(queue.next()).toBe(0)
    expect(queue.take(0)).toEqual({ whole: [], fields: [['users', ['100', '101', '102']]] })
    expect(queue.next()).toBe(5_000)
  })

  it('returns no field of a hash that is due as a whole', () => {
    const queue = createRefetchQueue()
    queue.fields('users', ['100'])
    queue.whole('users', 0)
    expect(queue.take(0)).toEqual({ whole: ['users'], fields: [] })
    expect(queue.next()).toBeNull()
  })

  it('returns a long queue in portions', () => {
    const queue = createRefetchQueue()
    for (let index = 0; index < 1_200; index++) queue.whole(`user:${index}`, 0)
    const portions = [queue.take(0), queue.take(0), queue.take(0)].map(({ whole }) => whole.length)
    expect(portions).toEqual([500, 500, 200])
  })
})
