import { describe, expect, it } from 'vitest'
import { createRefresh, type Readiness } from '../../../src/phones/refresh-runner.js'
import { createManualClock } from '../../support/process/manual-clock.js'

type Answer = 'confirmed' | 'refused' | 'silent' | 'failed'

interface Phone {
  readiness: Readiness
  answer: ((answer: Answer) => void) | null
  hasFetched: boolean | null
}

/** A refresh with its phone, calls and notes at hand. */
function stage() {
  const clock = createManualClock()
  const log: string[] = []
  const phone: Phone = { readiness: 'due', answer: null, hasFetched: null }
  const refresh = createRefresh(
    clock,
    { settleMs: 500, restMs: [2_000, 5_000, 15_000], fetchMs: { refresh: 30_000, reboot: 240_000 } },
    {
      readiness: () => phone.readiness,
      notify(way) {
        log.push(`${clock.now()} ${way === 'reboot' ? 'REBOOT' : 'NOTIFY'}`)
        return new Promise((resolve) => {
          phone.answer = resolve
        })
      },
      note: (word) => void log.push(`${clock.now()} ${word}`),
      isUnsupported: () => false,
      hasFetched: () => phone.hasFetched,
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

describe('the refresh of a phone that gets its configuration here', () => {
  function provisioned() {
    const opened = stage()
    opened.phone.hasFetched = false
    function fetch(): void {
      opened.phone.hasFetched = true
      opened.refresh.feed('fetched')
    }
    return { ...opened, fetch }
  }

  it('is confirmed by the fetch, not by the 200', async () => {
    const { clock, log, refresh, answer, fetch } = provisioned()
    refresh.feed('wanted')
    clock.advance(500)
    await answer('confirmed')
    expect([log, refresh.state]).toEqual([['0 pending', '500 NOTIFY'], 'watching'])
    clock.advance(4_000)
    fetch()
    expect([log.at(-1), refresh.state, clock.pending]).toEqual(['4500 fetched', 'idle', 0])
  })

  it.each(['refused', 'confirmed'] as const)('decides when the NOTIFY is %s', async (word) => {
    const { clock, log, refresh, answer, fetch } = provisioned()
    refresh.feed('wanted')
    clock.advance(500)
    await answer(word)
    fetch()
    expect(log).toEqual(['0 pending', '500 NOTIFY', '500 fetched'])
  })

  it('is tried four times, then the phone is rebooted once, then it is stale', async () => {
    const { clock, log, refresh, answer } = provisioned()
    refresh.feed('wanted')
    clock.advance(500)
    for (const ms of [2_000, 5_000, 15_000]) {
      await answer('confirmed')
      clock.advance(30_000 + ms)
    }
    await answer('confirmed')
    clock.advance(30_000)
    expect(log.filter((line) => !line.endsWith('unconfirmed')).map((line) => line.split(' ')[1])).toEqual([
      'pending',
      'NOTIFY',
      'NOTIFY',
      'NOTIFY',
      'NOTIFY',
      'REBOOT',
    ])
    await answer('silent') // it reboots at once
    clock.advance(239_999)
    expect(refresh.state).toBe('watching')
    clock.advance(1)
    expect([log.at(-1)?.split(' ')[1], refresh.state, clock.pending]).toEqual(['stale', 'idle', 0])
  })

  it('is confirmed by the fetch after the reboot', async () => {
    const { clock, log, refresh, answer, fetch } = provisioned()
    refresh.feed('wanted')
    clock.advance(500)
    for (const ms of [2_000, 5_000, 15_000, 0]) {
      await answer('confirmed')
      clock.advance(30_000 + ms)
    }
    await answer('confirmed')
    clock.advance(90_000)
    fetch()
    expect([log.at(-2)?.split(' ')[1], log.at(-1)?.split(' ')[1]]).toEqual(['REBOOT', 'fetched'])
  })

  it('does not reboot a phone in a call, but after it', async () => {
    const { clock, log, phone, refresh, answer } = provisioned()
    refresh.feed('wanted')
    clock.advance(500)
    for (const ms of [2_000, 5_000, 15_000]) {
      await answer('confirmed')
      clock.advance(30_000 + ms)
    }
    await answer('confirmed')
    phone.readiness = 'blocked'
    clock.advance(60_000)
    expect([refresh.state, log.some((line) => line.endsWith('REBOOT'))]).toEqual(['held', false])
    phone.readiness = 'due'
    refresh.feed('free')
    clock.advance(500)
    expect(log.at(-1)).toMatch(/REBOOT$/)
  })

  it('of a stale phone that registers is one NOTIFY, and never a reboot', async () => {
    const { clock, log, refresh, answer } = provisioned()
    refresh.feed('registered')
    clock.advance(500)
    await answer('confirmed')
    clock.advance(30_000)
    expect(log).toEqual(['500 NOTIFY', '30500 stale'])
  })

  it('is over before a NOTIFY is sent if the phone has fetched already', () => {
    const { clock, log, phone, refresh } = provisioned()
    refresh.feed('wanted')
    phone.hasFetched = true
    clock.advance(500)
    expect([log, refresh.state]).toEqual([['0 pending', '500 fetched'], 'idle'])
  })

  it('ignores the response to a NOTIFY that comes after the fetch, also in the next refresh', async () => {
    const { clock, log, phone, refresh, answer, fetch } = provisioned()
    refresh.feed('wanted')
    clock.advance(500)
    const late = phone.answer
    fetch()
    phone.hasFetched = false
    refresh.feed('wanted')
    clock.advance(500)
    late?.('failed')
    await Promise.resolve()
    expect(refresh.state).toBe('sending')
    await answer('confirmed')
    fetch()
    expect(log).toEqual(['0 pending', '500 NOTIFY', '500 fetched', '500 pending', '1000 NOTIFY', '1000 fetched'])
  })
})
