import { expect, test } from 'vitest'
import { device, openStage, settled } from './stage.js'

test.each([
  ['LOGGED_OUT', 'logged-out'],
  ['FREE', 'logged-out'],
  ['DRAINING', 'logged-out-pending'],
  ['EMERGENCY', 'emergency-busy'],
  ['UNKNOWN_DEVICE', 'not-a-hotdesk-phone'],
  ['STORE_LOST', 'try-later'],
  ['UNCONFIRMED', 'unconfirmed'],
  ['a fault', 'try-later'],
] as const)('A logout that comes to %s is told as %s, without a PIN, and the call ends', async (logout, prompt) => {
  const stage = await openStage({ logout })
  const over = stage.features.logout(stage.call.invite, device)
  await stage.pass(6_000)
  await over
  expect(stage.logouts).toEqual(['HD0001 drain dial-code'])
  expect(stage.heard()).toEqual([prompt])
  expect(stage.call.bye).toEqual({})
  expect(stage.media.open).toBe(0)
  expect(stage.clock.pending).toBe(0)
})

test('An idle phone that dials a number hears the announcement before the call is refused with 480', async () => {
  const stage = await openStage()
  const over = stage.features.pleaseLogIn(stage.call.invite)
  await settled()
  expect(stage.call.responses).toEqual([{ status: 183, parts: { headers: { 'Content-Type': 'application/sdp' }, body: 'our answer' } }])
  expect(stage.heard()).toEqual(['please-log-in'])
  await stage.listen()
  await over
  expect(stage.call.responses.map(({ status }) => status)).toEqual([183, 480])
  expect(stage.media.open).toBe(0)
})

test.each(['no-common-codec', 'no-port', 'malformed'] as const)(
  'Where no announcement is possible (%s), 480 comes at once',
  async (outcome) => {
    const stage = await openStage()
    stage.media.outcome = outcome
    await stage.features.pleaseLogIn(stage.call.invite)
    expect(stage.call.responses.map(({ status }) => status)).toEqual([480])
  },
)

test('A caller without an offer is refused at once, since early media needs one', async () => {
  const stage = await openStage({ body: '' })
  await stage.features.pleaseLogIn(stage.call.invite)
  expect(stage.call.responses.map(({ status }) => status)).toEqual([480])
})

test('A caller who gives up during the announcement ends it', async () => {
  const stage = await openStage()
  const over = stage.features.pleaseLogIn(stage.call.invite)
  await stage.pass(500)
  stage.call.cancel()
  await over
  expect(stage.call.responses.map(({ status }) => status)).toEqual([183])
  expect(stage.heard()).toEqual(['please-log-in', '(cut)'])
  expect(stage.media.open).toBe(0)
})

test('A stopping node ends the announcement and refuses the call', async () => {
  const stage = await openStage()
  const over = stage.features.pleaseLogIn(stage.call.invite)
  await stage.pass(500)
  await stage.features.close()
  await over
  expect(stage.call.responses.map(({ status }) => status)).toEqual([183, 480])
})
