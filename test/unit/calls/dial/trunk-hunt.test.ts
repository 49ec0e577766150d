import { beforeEach, describe, expect, it } from 'vitest'
import type { AcceptedLeg, AttemptResult } from '../../../../src/calls/dial/fork.js'
import { huntTrunks, type TrunkTurn, type Verdict } from '../../../../src/calls/dial/trunk-hunt.js'
import type { Trunk } from '../../../../src/dialplan/dialplan.js'
import type { SipReply } from '../../../../src/srf/srf.js'
import { createManualClock, type ManualClock } from '../../../support/process/manual-clock.js'

interface Asked extends TrunkTurn<Trunk> {
  /** How it was left: `cancelled`, or `passed over`. */
  left: string
  ends(outcome: AttemptResult): Promise<void>
}

let clock: ManualClock
let asked: Asked[]

beforeEach(() => {
  clock = createManualClock()
  asked = []
})

function huntOver(
  count: number,
  parts: { besideMs?: number | null; neverBeside?: string; verdicts?: Readonly<Record<number, Verdict>> } = {},
) {
  const { besideMs = 5_000, verdicts = {} } = parts
  return huntTrunks({
    ways: Array.from({ length: count }, (_, index) => ({ name: `line-${index + 1}` }) as Trunk),
    besideMs,
    mayBeBeside: ({ name }) => name !== parts.neverBeside,
    clock,
    judge: ({ status }) => verdicts[status] ?? (status >= 500 || status === 408 ? 'fault' : 'final'),
    call(one) {
      let settle: (outcome: AttemptResult) => void = () => undefined
      const result = new Promise<AttemptResult>((resolve) => {
        settle = resolve
      })
      const record: Asked = {
        ...one,
        left: '',
        async ends(outcome) {
          settle(outcome)
          await result
          await Promise.resolve()
        },
      }
      asked.push(record)
      const leave = (how: string) => (reason: string) => {
        record.left = `${how} ${reason}`.trim()
        settle({ outcome: 'cancelled' })
      }
      return { result, cancel: leave('cancelled'), passOver: leave('passed over') }
    },
  })
}

const refusal = (status: number): AttemptResult => ({ outcome: 'failed', response: { status } as SipReply })
const answer: AttemptResult = { outcome: 'accepted', branch: { uri: 'sip:x', parts: {}, device: null }, leg: {} as AcceptedLeg }
const names = (): string[] => asked.map(({ way }) => way.name)

describe('a call over several trunks', () => {
  it('tries the next trunk beside one that is silent for five seconds, and no sooner', () => {
    huntOver(3)
    clock.advance(4_999)
    expect(names()).toEqual(['line-1'])
    clock.advance(1)
    expect(names()).toEqual(['line-1', 'line-2'])
    clock.advance(5_000)
    expect(names()).toEqual(['line-1', 'line-2', 'line-3'])
    expect(asked.map(({ isLast }) => isLast)).toEqual([false, false, true])
    expect(clock.pending).toBe(0)
  })

  it('tries no other way to the same trunk beside it, but after it', async () => {
    huntOver(3, { neverBeside: 'line-2' })
    clock.advance(60_000)
    expect(names()).toEqual(['line-1'])
    await asked[0]?.ends(refusal(408))
    expect(names()).toEqual(['line-1', 'line-2'])
    clock.advance(5_000)
    expect(names()).toEqual(['line-1', 'line-2', 'line-3'])
  })

  it('tries one after the other if the SIP server reports a 100', async () => {
    huntOver(2, { besideMs: null })
    clock.advance(60_000)
    expect(names()).toEqual(['line-1'])
    await asked[0]?.ends(refusal(408))
    expect(names()).toEqual(['line-1', 'line-2'])
  })

  it.each([0, 1])('belongs to trunk %i if this trunk answers first; the other one is passed over', async (first) => {
    const { result } = huntOver(2)
    clock.advance(5_000)
    await asked[first]?.ends(answer)
    expect(await result).toBe(answer)
    expect(asked[1 - first]?.left).toContain('passed over SIP;cause=200')
    expect(asked[first]?.left).toBe('')
  })

  it.each([
    ['another trunk', { Reason: 'SIP;cause=200;text="Call completed elsewhere"' }],
    ['nobody', {}],
  ])('that is answered at the moment in which it is lost is ended there: %s has it', async (who, told) => {
    const { result, cancel } = huntOver(2)
    clock.advance(5_000)
    let reason: unknown = null
    const bye = (headers: unknown): Promise<void> => {
      reason = headers
      return Promise.resolve()
    }
    const leg = { outcome: 'answered', dialog: { bye } } as unknown as AcceptedLeg
    if (who === 'another trunk') void asked[0]?.ends(answer)
    const second = asked[1]?.ends({ ...answer, leg })
    if (who === 'nobody') cancel('')
    await second
    expect((await result).outcome).toBe(who === 'nobody' ? 'cancelled' : 'accepted')
    await expect.poll(() => reason).toEqual(told)
  })

  it('tries no other trunk while the far end rings', async () => {
    const { result } = huntOver(3)
    clock.advance(5_000)
    asked[0]?.onRinging()
    clock.advance(60_000)
    expect(names()).toEqual(['line-1', 'line-2'])
    await asked[1]?.ends(refusal(503))
    expect(names()).toEqual(['line-1', 'line-2'])
    await asked[0]?.ends(refusal(503))
    expect(names()).toEqual(['line-1', 'line-2', 'line-3'])
    await asked[2]?.ends(answer)
    expect(await result).toBe(answer)
  })

  it('tries the next trunk at once if one beside a silent trunk fails', async () => {
    huntOver(3)
    clock.advance(5_000)
    await asked[1]?.ends(refusal(503))
    expect(names()).toEqual(['line-1', 'line-2', 'line-3'])
  })

  it('waits for a silent trunk if all others have failed', async () => {
    const { result } = huntOver(2)
    clock.advance(5_000)
    await asked[1]?.ends(refusal(503))
    await asked[0]?.ends(answer)
    expect(await result).toBe(answer)
  })

  it('ends with a final refusal, and does not wait for a silent trunk', async () => {
    const { result } = huntOver(3)
    clock.advance(5_000)
    await asked[1]?.ends(refusal(486))
    expect(await result).toEqual(refusal(486))
    expect(asked[0]?.left).toBe('passed over')
    expect(names()).toEqual(['line-1', 'line-2'])
  })

  it('waits for a far end that rings despite such a refusal, which may come from the same phone', async () => {
    const { result } = huntOver(3)
    clock.advance(5_000)
    asked[0]?.onRinging()
    await asked[1]?.ends(refusal(486))
    await asked[0]?.ends(answer)
    expect(await result).toBe(answer)
    expect(names()).toEqual(['line-1', 'line-2'])
  })

  it('to an emergency number continues after every refusal, waits for the silent trunk, and reports the last refusal', async () => {
    const { result } = huntOver(3, { verdicts: { 486: 'refused', 603: 'refused' } })
    clock.advance(5_000)
    await asked[1]?.ends(refusal(603))
    expect(names()).toEqual(['line-1', 'line-2', 'line-3'])
    await asked[2]?.ends(refusal(486))
    await asked[0]?.ends(refusal(408))
    expect(await result).toEqual(refusal(486))
  })

  it('is cancelled on every trunk when its caller gives up', async () => {
    const { result, cancel } = huntOver(3)
    clock.advance(5_000)
    cancel('SIP;cause=487')
    expect(await result).toEqual({ outcome: 'cancelled' })
    expect(asked.map(({ left }) => left)).toEqual(['cancelled SIP;cause=487', 'cancelled SIP;cause=487'])
    clock.advance(60_000)
    expect(names()).toEqual(['line-1', 'line-2'])
  })

  it.each([0, 2])('has no trunk if all %i trunks have failed', async (count) => {
    const { result } = huntOver(count)
    for (let index = 0; index < count; index += 1) await asked[index]?.ends(refusal(503))
    expect(await result).toMatchObject({ outcome: 'failed', reason: 'no-trunk' })
  })
})
