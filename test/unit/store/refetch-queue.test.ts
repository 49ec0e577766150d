import { describe, expect, it } from 'vitest'
import { createRefetchQueue } from '../../../src/store/copy/refetch-queue.js'

describe('what is to be read again', () => {
  it('is a whole hash when its time has come, and once', () => {
    const agenda = createRefetchQueue()
    agenda.whole('users', 100)
    agenda.whole('user:100', 50)
    expect(agenda.next()).toBe(50)
    expect(agenda.take(49)).toEqual({ whole: [], fields: [] })
    expect(agenda.take(50)).toEqual({ whole: ['user:100'], fields: [] })
    expect(agenda.next()).toBe(100)
    expect(agenda.take(1_000)).toEqual({ whole: ['users'], fields: [] })
    expect(agenda.next()).toBeNull()
  })

  it('is read at the earlier of two times', () => {
    const agenda = createRefetchQueue()
    agenda.whole('users', 100)
    agenda.whole('users', 20)
    agenda.whole('users', 300)
    expect(agenda.next()).toBe(20)
  })

  it('is fields at once, each once, while the whole may wait', () => {
    const agenda = createRefetchQueue()
    agenda.whole('users', 5_000)
    agenda.fields('users', ['100', '101'])
    agenda.fields('users', ['101', '102'])
    expect(agenda.next()).toBe(0)
    expect(agenda.take(0)).toEqual({ whole: [], fields: [['users', ['100', '101', '102']]] })
    expect(agenda.next()).toBe(5_000)
  })

  it('is no field of a hash that is due as a whole', () => {
    const agenda = createRefetchQueue()
    agenda.fields('users', ['100'])
    agenda.whole('users', 0)
    expect(agenda.take(0)).toEqual({ whole: ['users'], fields: [] })
    expect(agenda.next()).toBeNull()
  })

  it('comes in portions when there is much of it', () => {
    const agenda = createRefetchQueue()
    for (let index = 0; index < 1_200; index++) agenda.whole(`user:${index}`, 0)
    const portions = [agenda.take(0), agenda.take(0), agenda.take(0)].map(({ whole }) => whole.length)
    expect(portions).toEqual([500, 500, 200])
  })
})
