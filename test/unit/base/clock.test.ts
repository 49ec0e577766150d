import { expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'

it('an alarm in 60 days does not fire at once, as a timeout of Node would', async () => {
  let hasRung = false
  const alarm = systemClock.after(60 * 24 * 60 * 60 * 1_000, () => {
    hasRung = true
  })
  await pause(systemClock, 20)
  alarm.cancel()
  expect(hasRung).toBe(false)
})
