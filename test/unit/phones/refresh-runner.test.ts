import { describe, expect, it } from 'vitest'
import { createRefresh, type Readiness } from '../../../src/phones/refresh-runner.js'
import { createManualClock } from '../../support/process/manual-clock.js'

type Answer = 'confirmed' | 'refused' | 'silent' | 'failed'

/** A refresh with its phone, calls and notes at hand. */
function stage() {
  const clock = createManualClock()
  const log: string[] = []
  const phone: { readiness: Readiness; answer: ((answer: Answer) => void) | null } = { readiness: 'due', answer: null }
  const refresh = createRefresh(
    clock,
    { settleMs: 500, restMs: [2_000, 5_000, 15_000] },
    {
      readiness: () => phone.readiness,
      notify() {
        log.push(`${clock.now()} NOTIFY`)
        return new Promise((resolve) => {
          phone.answer = resolve
        })
      },
      note: (word) => void log.push(`${clock.now()} ${word}`),
      isUnsupported: () => false,
    },
  )
  async function answer(word: Answer): Promise<void> {
    phone.answer?.(word)
    phone.answer = null
    await Promise.resolve()
    await Promise.resolve()
  }
  return { clock, log, phone, refresh, answer }
}

describe('a refresh', () => {
  it('is sent half a second after the commit, and ends with the 200', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('wanted')
    clock.advance(499)
    expect(log).toEqual(['0 pending'])
    clock.advance(1)
    await answer('confirmed')
    expect([log, refresh.state, clock.pending]).toEqual([['0 pending', '500 NOTIFY', '500 sent'], 'idle', 0])
  })

  it('is tried again after 2, 5 and 15 seconds, then the phone is stale', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('wanted')
    clock.advance(500)
    for (const ms of [2_000, 5_000, 15_000]) {
      await answer('failed')
      clock.advance(ms - 1)
      expect(refresh.state).toBe('resting')
      clock.advance(1)
    }
    await answer('failed')
    expect(log).toEqual(['0 pending', '500 NOTIFY', '2500 NOTIFY', '7500 NOTIFY', '22500 NOTIFY', '22500 stale'])
    expect([refresh.state, clock.pending]).toEqual(['idle', 0])
  })

  it('is unconfirmed while the phone is silent', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('wanted')
    clock.advance(500)
    await answer('silent')
    clock.advance(2_000)
    await answer('confirmed')
    expect(log).toEqual(['0 pending', '500 NOTIFY', '500 unconfirmed', '2500 NOTIFY', '2500 sent'])
  })

  it('stays unconfirmed if the phone does not support the NOTIFY', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('wanted')
    clock.advance(500)
    await answer('refused')
    expect([log.at(-1), refresh.state, clock.pending]).toEqual(['500 unconfirmed', 'idle', 0])
  })

  it('is sent once more if the assignment changes while a NOTIFY is in progress', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('wanted')
    clock.advance(500)
    refresh.feed('wanted')
    refresh.feed('wanted')
    await answer('confirmed')
    clock.advance(500)
    await answer('confirmed')
    expect(log).toEqual(['0 pending', '500 NOTIFY', '500 pending', '1000 NOTIFY', '1000 sent'])
  })

  it('is one NOTIFY for several changes in a short time', () => {
    const { clock, log, refresh } = stage()
    refresh.feed('wanted')
    clock.advance(300)
    refresh.feed('wanted')
    clock.advance(300)
    expect(log).toEqual(['0 pending', '300 pending'])
    clock.advance(200)
    expect(log.at(-1)).toBe('800 NOTIFY')
  })

  it('waits until half a second after the end of the call', () => {
    const { clock, log, phone, refresh } = stage()
    phone.readiness = 'blocked'
    refresh.feed('wanted')
    clock.advance(60_000)
    expect(refresh.state).toBe('held')
    phone.readiness = 'due'
    refresh.feed('free')
    clock.advance(500)
    expect(log).toEqual(['0 pending', '60500 NOTIFY'])
  })

  it('is left to another node, or to the next REGISTER, if the phone is gone', () => {
    const { clock, log, phone, refresh } = stage()
    phone.readiness = 'gone'
    refresh.feed('wanted')
    clock.advance(500)
    expect([log, refresh.state, clock.pending]).toEqual([['0 pending'], 'idle', 0])
  })

  it('of a stale phone is tried once when it registers', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('registered')
    clock.advance(500)
    await answer('silent')
    expect([log, refresh.state]).toEqual([['500 NOTIFY', '500 stale'], 'idle'])
  })

  it('has all its attempts again for a new trigger', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('registered')
    clock.advance(500)
    await answer('failed')
    refresh.feed('wanted')
    clock.advance(500)
    await answer('failed')
    expect(refresh.state).toBe('resting')
    expect(log.filter((line) => line.endsWith('stale'))).toHaveLength(1)
  })

  it('does nothing after close, whatever the phone responds', async () => {
    const { clock, log, refresh, answer } = stage()
    refresh.feed('wanted')
    clock.advance(500)
    refresh.close()
    await answer('confirmed')
    expect([log, clock.pending]).toEqual([['0 pending', '500 NOTIFY'], 0])
  })
})
