import { expect, it } from 'vitest'
import { createAdmission } from '../../../src/calls/admission.js'
import { createManualClock } from '../../support/process/manual-clock.js'

it('a call waits for a starting node, for at most six seconds', async () => {
  const clock = createManualClock(0)
  const admission = createAdmission(clock)
  const early = admission.opens()
  clock.advance(6_000)
  const late = admission.opens()
  clock.advance(5_999)
  admission.open()
  expect([await early, await late, await admission.opens(), admission.isOpen, clock.pending]).toEqual([false, true, true, true, 0])
})

it.each(['starting', 'open'])('a node that was %s and is stopping accepts no more calls, at once and for good', async (before) => {
  const clock = createManualClock(0)
  const admission = createAdmission(clock)
  if (before === 'open') admission.open()
  const waiting = before === 'starting' ? admission.opens() : Promise.resolve(false)
  admission.stop()
  admission.open()
  expect([await waiting, await admission.opens(), admission.isOpen, clock.pending]).toEqual([false, false, false, 0])
})
