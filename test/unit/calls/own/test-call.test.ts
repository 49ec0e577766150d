import { expect, test } from 'vitest'
import { beginTestCall, type TestCallNeeds, type TestCallPlan } from '../../../../src/calls/own/test-call.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

test('the times of its steps are whole milliseconds', async () => {
  const clock = createManualClock(1_000.25)
  const session = { quality: { received: 0 } }
  const call = await beginTestCall(
    { route: 'to 100', ringMs: 20_000, talkMs: 5_000 } as TestCallPlan,
    {
      voice: { clip: () => '' },
      clock,
      placeOwnCall: ({ events }: Parameters<TestCallNeeds['placeOwnCall']>[0]) => {
        clock.advance(62.3596)
        events.onProgress({ status: 180, sound: false })
        return Promise.resolve({ call: { id: 'a' }, session, end: () => undefined, over: new Promise(() => undefined) })
      },
    } as unknown as TestCallNeeds,
  )
  expect(call?.look().steps.map(({ step, afterMs }) => [step, afterMs])).toEqual([
    ['route', 0],
    ['ringing', 62],
  ])
})
