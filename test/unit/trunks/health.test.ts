import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { createHealth, type Health, type TrunkRequest } from '../../../src/trunks/health.js'
import { createManualClock, type ManualClock } from '../../support/process/manual-clock.js'
import { all, type Bench, open, trunkNamed } from '../../support/sip/trunk-bench.js'

const first = trunkNamed('first')

/** The clock moves on, and answers to OPTIONS on the way are taken in. */
async function pass({ clock }: Bench, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    clock.advance(1_000)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
}

const comesFirst = ({ trunks }: Bench): boolean => trunks.order(all)[0] === first

async function metricOf({ metrics }: Bench): Promise<number | undefined> {
  return (await metrics.trunkUp.get()).values.find(({ labels }) => labels.trunk === 'first')?.value
}

describe('a trunk that responds to every OPTIONS', () => {
  const ways: readonly [string, number, (inquiry: TrunkRequest) => void][] = [
    ['does not answer INVITE', 5, (inquiry) => inquiry.timedOut()],
    ['answers INVITE with 100 and nothing more', 20, (inquiry) => inquiry.timedOut()],
    ['answers INVITE with 503', 0, (inquiry) => inquiry.failed(503)],
    [
      'answers INVITE with 183 and then 503',
      0,
      (inquiry) => {
        inquiry.responded()
        inquiry.failed(503)
      },
    ],
  ]

  /** Calls the trunk, and again as soon as its turn has come: the seconds for which it was down each time. */
  async function downTimes(bench: Bench, times: number, seconds: number, fail: (inquiry: TrunkRequest) => void): Promise<number[]> {
    const found: number[] = []
    for (let i = 0; i < times; i++) {
      const inquiry = bench.trunks.begin(first)
      await pass(bench, seconds)
      fail(inquiry)
      let downFor = 0
      for (; !comesFirst(bench) && downFor < 1_000; downFor++) {
        expect(await metricOf(bench)).toBe(0)
        await pass(bench, 1)
      }
      found.push(downFor)
    }
    return found
  }

  it.each(ways)('and %s is down, for longer each time', async (_, seconds, fail) => {
    const bench = open([200])
    // The next OPTIONS is sent and answered while the call waits.
    await pass(bench, 58)
    expect(await downTimes(bench, 6, seconds, fail)).toEqual([30, 60, 120, 240, 300, 300])
    expect(bench.pings.length).toBeGreaterThan(30)
    expect(await metricOf(bench)).toBe(0)
  })

  it.each(ways)('and %s is up with its first response to a call, and what was before is forgotten', async (_, seconds, fail) => {
    const bench = open([200])
    await pass(bench, 58)
    await downTimes(bench, 3, seconds, fail)
    const inquiry = bench.trunks.begin(first)
    await pass(bench, 1)
    inquiry.responded()
    expect([comesFirst(bench), await metricOf(bench)]).toEqual([true, 1])
    await pass(bench, 1)
    expect(await downTimes(bench, 2, seconds, fail)).toEqual([30, 60])
  })

  it('is shown as up again with the first of them after the time for which a call has put it down', async () => {
    const bench = open([200])
    await pass(bench, 58)
    bench.trunks.begin(first).timedOut()
    await pass(bench, 29)
    expect(await metricOf(bench)).toBe(0)
    await pass(bench, 31)
    expect(await metricOf(bench)).toBe(1)
  })

  it('is up early when it responds to a call that found no other trunk', async () => {
    const bench = open([200])
    await pass(bench, 30)
    bench.trunks.begin(first).timedOut()
    await pass(bench, 1)
    bench.trunks.begin(first).responded()
    expect([comesFirst(bench), await metricOf(bench)]).toEqual([true, 1])
  })
})

describe('a trunk that is silent to OPTIONS and has responded before', () => {
  it('is up with its next response to OPTIONS', async () => {
    const bench = open([200, 408, 200])
    await pass(bench, 60)
    expect([comesFirst(bench), await metricOf(bench)]).toEqual([false, 0])
    await pass(bench, 30)
    expect([comesFirst(bench), await metricOf(bench)]).toEqual([true, 1])
  })

  it('is up with its next response to a call', async () => {
    const bench = open([200, 408])
    await pass(bench, 60)
    bench.trunks.begin(first).responded()
    expect([comesFirst(bench), await metricOf(bench)]).toEqual([true, 1])
  })

  it('and to calls is up with its next response to OPTIONS, and the next call that fails counts on', async () => {
    const bench = open([200, 408, 408, 200])
    await pass(bench, 89)
    bench.trunks.begin(first).timedOut()
    await pass(bench, 1)
    bench.trunks.begin(first).timedOut()
    expect([comesFirst(bench), await metricOf(bench)]).toEqual([false, 0])
    await pass(bench, 30)
    expect([bench.pings.length, comesFirst(bench), await metricOf(bench)]).toEqual([4, true, 1])
    bench.trunks.begin(first).timedOut()
    await pass(bench, 119)
    expect(comesFirst(bench)).toBe(false)
    await pass(bench, 1)
    expect(comesFirst(bench)).toBe(true)
  })
})

describe('of requests in flight at the same time', () => {
  let clock: ManualClock
  let health: Health

  function ask(...methods: readonly ('INVITE' | 'OPTIONS')[]): readonly TrunkRequest[] {
    clock = createManualClock(1_000)
    const metrics = createMetrics()
    health = createHealth({ clock, log: silentLogger(), metrics, downMs: 30_000, longestDownMs: 300_000 })
    health.add(first)
    return methods.map((method) => {
      clock.advance(1_000)
      return health.begin(first, method)
    })
  }

  const isUp = (): boolean => health.isUp(first)

  it('ringing of an earlier call does not outweigh the silence of a later one', () => {
    const [earlier, later] = ask('INVITE', 'INVITE')
    earlier?.responded()
    later?.timedOut()
    expect(isUp()).toBe(false)
  })

  it.each<[string, (inquiry?: TrunkRequest) => void]>([
    ['silent', (inquiry) => inquiry?.timedOut()],
    ['refused', (inquiry) => inquiry?.failed(503)],
  ])('the response to an earlier call does not bring a trunk back whose later call was %s', (_, fail) => {
    const [earlier, later] = ask('INVITE', 'INVITE')
    fail(later)
    earlier?.responded()
    expect(isUp()).toBe(false)
  })

  it('the response to a later call brings a trunk back that was silent to an earlier one', () => {
    const [earlier, later] = ask('INVITE', 'INVITE')
    earlier?.timedOut()
    expect(isUp()).toBe(false)
    later?.responded()
    expect(isUp()).toBe(true)
  })

  it('the response to a later call does not bring a trunk back that has refused an earlier one just now', () => {
    const [earlier, later] = ask('INVITE', 'INVITE')
    earlier?.failed(503)
    later?.responded()
    expect(isUp()).toBe(false)
  })

  it('the last one that is silent counts, though it adds nothing to the time', () => {
    const [earlier, between, last] = ask('INVITE', 'INVITE', 'INVITE')
    earlier?.timedOut()
    last?.timedOut()
    between?.responded()
    expect(isUp()).toBe(false)
    clock.advance(30_000)
    expect(isUp()).toBe(true)
  })

  it('a call that is answered excuses the silence of an OPTIONS before it, and not the reverse', () => {
    const [options, call] = ask('OPTIONS', 'INVITE')
    call?.responded()
    options?.timedOut()
    expect(isUp()).toBe(true)
    const [silentCall, answeredOptions] = ask('INVITE', 'OPTIONS')
    answeredOptions?.responded()
    silentCall?.timedOut()
    expect(isUp()).toBe(false)
  })
})
