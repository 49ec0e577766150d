import { describe, expect, test } from 'vitest'
import { device, openStage, settled } from '../../support/media/ivr-stage.js'

test.each([
  ['LOGGED_OUT', 'logged-out'],
  ['FREE', 'logged-out'],
  ['DRAINING', 'logged-out-pending'],
  ['EMERGENCY', 'emergency-busy'],
  ['UNKNOWN_DEVICE', 'not-a-hotdesk-phone'],
  ['STORE_LOST', 'try-later'],
  ['UNCONFIRMED', 'unconfirmed'],
  ['a fault', 'try-later'],
] as const)('The logout outcome %s is announced as %s, without a PIN, and the call ends', async (logout, prompt) => {
  const stage = await openStage({ logout })
  const over = stage.ivr.logout(stage.call.invite, device)
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
  const over = stage.ivr.pleaseLogIn(stage.call.invite)
  await settled()
  expect(stage.call.responses).toEqual([{ status: 183, parts: { headers: { 'Content-Type': 'application/sdp' }, body: 'our answer' } }])
  expect(stage.heard()).toEqual(['please-log-in'])
  await stage.listen()
  await over
  expect(stage.call.responses.map(({ status }) => status)).toEqual([183, 480])
  expect(stage.media.open).toBe(0)
})

describe('an announcement', () => {
  const after = { status: 480, parts: { reason: 'Site Not Reachable' } }

  test('of the node is played before the final response', async () => {
    const stage = await openStage()
    const over = stage.ivr.announce(stage.call.invite, { prompt: 'site-away', language: null }, after, new AbortController().signal)
    await stage.listen()
    await over
    expect(stage.heard()).toEqual(['site-away'])
    expect(stage.call.responses.at(-1)).toEqual(after)
  })

  test('that the dial plan names is reported at the start if it is missing; tones replace it', async () => {
    const stage = await openStage({ announcements: ['closed'] })
    expect(stage.log.map((line) => JSON.parse(line) as object)).toMatchObject([{ event: 'prompt.missing', prompt: 'closed' }])
    const over = stage.ivr.announce(stage.call.invite, { prompt: 'closed', language: null }, after, new AbortController().signal)
    await stage.listen()
    await over
    expect(stage.call.responses.at(-1)).toEqual(after)
  })

  test('that is cut short ends in its response at once', async () => {
    const stage = await openStage()
    const ended = new AbortController()
    const over = stage.ivr.announce(stage.call.invite, { prompt: 'site-away', language: null }, after, ended.signal)
    await stage.pass(500)
    ended.abort()
    await over
    expect(stage.heard()).toEqual(['site-away', '(cut)'])
    expect(stage.call.responses.map(({ status }) => status)).toEqual([183, 480])
    expect(stage.media.open).toBe(0)
  })
})

test.each(['no-common-codec', 'no-port', 'malformed'] as const)(
  'If no announcement is possible (%s), the call gets 480 at once',
  async (outcome) => {
    const stage = await openStage()
    stage.media.outcome = outcome
    await stage.ivr.pleaseLogIn(stage.call.invite)
    expect(stage.call.responses.map(({ status }) => status)).toEqual([480])
  },
)

test('A call without an offer is refused at once: early media needs one', async () => {
  const stage = await openStage({ body: '' })
  await stage.ivr.pleaseLogIn(stage.call.invite)
  expect(stage.call.responses.map(({ status }) => status)).toEqual([480])
})

test('A caller who hangs up during the announcement ends it', async () => {
  const stage = await openStage()
  const over = stage.ivr.pleaseLogIn(stage.call.invite)
  await stage.pass(500)
  stage.call.cancel()
  await over
  expect(stage.call.responses.map(({ status }) => status)).toEqual([183])
  expect(stage.heard()).toEqual(['please-log-in', '(cut)'])
  expect(stage.media.open).toBe(0)
})

test('A stopping node ends the announcement and refuses the call', async () => {
  const stage = await openStage()
  const over = stage.ivr.pleaseLogIn(stage.call.invite)
  await stage.pass(500)
  await stage.ivr.close()
  await over
  expect(stage.call.responses.map(({ status }) => status)).toEqual([183, 480])
})
