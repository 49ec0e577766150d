import { expect, test } from 'vitest'
import { alice, device, openStage, type Stage, settled } from '../../support/media/ivr-stage.js'

/** Answers the call and listens to the first prompt. */
async function begin(stage: Stage, extension: typeof alice | null = alice): Promise<{ over: Promise<void> }> {
  const over = stage.ivr.login(stage.call.invite, device, extension)
  await stage.listen()
  return { over }
}

test('After a correct PIN the login is committed and confirmed, and the call ends', async () => {
  const stage = await openStage()
  const { over } = await begin(stage)
  expect(stage.call.responses).toMatchObject([{ status: 200, parts: { body: 'our answer' } }])
  expect(stage.heard()).toEqual(['ask-pin'])
  await stage.type('1234#')
  expect(stage.attempts).toMatchObject([{ extension: '100', pin: '1234' }])
  await stage.pass(600)
  expect(stage.heard()).toEqual(['logged-in'])
  expect(stage.call.bye).toBeNull()
  await stage.pass(1_300)
  expect(stage.call.bye).toEqual({})
  await over
  expect(stage.media.open).toBe(0)
  expect(stage.clock.pending).toBe(0)
  expect(stage.abandoned).toEqual([])
})

test.each([
  ['LOGGED_IN', ['logged-in']],
  ['MOVED', ['logged-in']],
  ['DISPLACED', ['logged-in']],
  ['UNCHANGED', ['already-logged-in']],
  ['LOCKED', ['locked', 'goodbye']],
  ['NOT_ENTITLED', ['not-entitled', 'goodbye']],
  ['ELSEWHERE', ['elsewhere', 'goodbye']],
  ['EMERGENCY', ['emergency-busy', 'goodbye']],
  ['NOT_A_HOTDESK_PHONE', ['not-a-hotdesk-phone', 'goodbye']],
  ['STORE_LOST', ['try-later', 'goodbye']],
  ['UNCONFIRMED', ['unconfirmed', 'goodbye']],
  ['a fault', ['try-later', 'goodbye']],
] as const)('The outcome %s is announced as %j, and the call ends', async (outcome, prompts) => {
  const stage = await openStage({ logins: [outcome] })
  const { over } = await begin(stage)
  stage.heard()
  await stage.type('1234#')
  await stage.pass(8_000)
  expect(stage.heard()).toEqual(prompts)
  await over
  expect(stage.call.bye).not.toBeNull()
  expect(stage.attempts).toHaveLength(1)
})

test('After three wrong PINs in one call, goodbye and BYE follow', async () => {
  const stage = await openStage({ logins: ['DENIED'] })
  const { over } = await begin(stage)
  await stage.type('1111#')
  await stage.pass(500)
  await stage.listen()
  await stage.type('2222#')
  await stage.pass(500)
  await stage.listen()
  await stage.type('3333#')
  await stage.pass(5_000)
  await over
  expect(stage.heard()).toEqual(['ask-pin', 'wrong', 'ask-pin', 'wrong', 'ask-pin', 'wrong', 'goodbye'])
  expect(stage.attempts.map(({ pin }) => pin)).toEqual(['1111', '2222', '3333'])
  expect(stage.call.bye).toEqual({})
})

test.each([0, 80, 499])('The outcome is announced 500 ms after the last digit if the check takes %i ms', async (loginTakesMs) => {
  const stage = await openStage({ logins: ['DENIED'], loginTakesMs })
  await begin(stage)
  await stage.type('111')
  stage.heard()
  stage.media.press('#')
  await stage.pass(480)
  expect(stage.heard()).toEqual([])
  await stage.pass(40)
  expect(stage.heard()).toEqual(['wrong', 'ask-pin'])
})

test('If the check takes longer, the outcome is announced when it ends', async () => {
  const stage = await openStage({ loginTakesMs: 2_000 })
  await begin(stage)
  stage.heard()
  await stage.type('1234#')
  await stage.pass(1_700)
  expect(stage.heard()).toEqual([])
  await stage.pass(200)
  expect(stage.heard()).toEqual(['logged-in'])
})

test('Bare *77* asks for the extension first, and again after a wrong PIN', async () => {
  const stage = await openStage({ logins: ['DENIED', 'LOGGED_IN'] })
  await begin(stage, null)
  await stage.type('999#')
  await stage.listen()
  await stage.type('1234#')
  await stage.pass(500)
  await stage.listen()
  await stage.type('100#')
  await stage.listen()
  await stage.type('1234#')
  await stage.pass(2_000)
  expect(stage.heard()).toEqual(['ask-extension', 'ask-pin', 'wrong', 'ask-extension', 'ask-pin', 'logged-in'])
  expect(stage.attempts).toMatchObject([
    { extension: '999', pin: '1234' },
    { extension: '100', pin: '1234' },
  ])
})

test('A key press cuts the prompt short', async () => {
  const stage = await openStage()
  const over = stage.ivr.login(stage.call.invite, device, alice)
  await stage.pass(500)
  await stage.type('1234#')
  await stage.pass(2_000)
  await over
  expect(stage.heard()).toEqual(['ask-pin', '(cut)', 'logged-in'])
  expect(stage.attempts).toMatchObject([{ pin: '1234' }])
})

test('Without # the PIN ends 3 s after its last digit', async () => {
  const stage = await openStage()
  await begin(stage)
  await stage.type('1234')
  await stage.pass(2_740)
  expect(stage.attempts).toEqual([])
  await stage.pass(80)
  expect(stage.attempts).toMatchObject([{ pin: '1234' }])
})

test('The tenth digit ends the PIN; further digits are ignored', async () => {
  const stage = await openStage({ loginTakesMs: 1_000 })
  await begin(stage)
  await stage.type('0123456789')
  await stage.type('7#')
  await stage.pass(2_500)
  expect(stage.attempts).toMatchObject([{ pin: '0123456789' }])
  expect(stage.heard()).toEqual(['ask-pin', 'logged-in'])
})

test('A caller who types nothing is asked again after 5 s, three times in total', async () => {
  const stage = await openStage()
  const { over } = await begin(stage)
  await stage.pass(4_960)
  expect(stage.heard()).toEqual(['ask-pin'])
  await stage.pass(60)
  expect(stage.heard()).toEqual(['ask-pin'])
  await stage.pass(18_000)
  await over
  expect(stage.heard()).toEqual(['ask-pin', 'goodbye'])
  expect(stage.call.bye).toEqual({})
  expect(stage.attempts).toEqual([])
  expect(stage.abandoned).toEqual(['100'])
})

test('A star restarts the entry, and the letters A to D are ignored', async () => {
  const stage = await openStage()
  await begin(stage)
  await stage.type('99*12A34#')
  expect(stage.attempts).toMatchObject([{ pin: '1234' }])
})

test('A # before the first digit only cuts the prompt short', async () => {
  const stage = await openStage()
  await begin(stage)
  await stage.type('##1234#')
  expect(stage.attempts).toMatchObject([{ pin: '1234' }])
})

test('A caller who hangs up before the PIN is complete changes nothing, and the login is reported as abandoned', async () => {
  const stage = await openStage()
  const { over } = await begin(stage)
  await stage.type('123')
  stage.call.hangUp()
  await over
  await stage.pass(10_000)
  expect(stage.attempts).toEqual([])
  expect(stage.abandoned).toEqual(['100'])
  expect(stage.media.open).toBe(0)
  expect(stage.clock.pending).toBe(0)
})

test('A caller who hangs up while the PIN is checked has not abandoned the login', async () => {
  const stage = await openStage({ loginTakesMs: 1_000 })
  const { over } = await begin(stage)
  await stage.type('1234#')
  stage.call.hangUp()
  await over
  await stage.pass(3_000)
  expect(stage.abandoned).toEqual([])
  expect(stage.heard()).toEqual(['ask-pin'])
})

test('A phone that is not a hot-desk phone hears an announcement, and the call ends', async () => {
  const stage = await openStage({ hotdeskPhone: 'no' })
  const over = stage.ivr.login(stage.call.invite, device, alice)
  await stage.pass(4_000)
  await over
  expect(stage.heard()).toEqual(['not-a-hotdesk-phone'])
  expect(stage.call.bye).toEqual({})
  expect(stage.attempts).toEqual([])
})

test('No log line contains the PIN, even after a fault', async () => {
  const stage = await openStage({ logins: ['a fault'] })
  await begin(stage)
  await stage.type('739154#')
  await stage.pass(9_000)
  expect(stage.log.join()).toContain('call.fault')
  expect(stage.log.join()).not.toContain('739154')
})

test('When the node stops, the call ends and the login is reported as abandoned', async () => {
  const stage = await openStage()
  const { over } = await begin(stage)
  await stage.ivr.close()
  await over
  await settled()
  expect(stage.call.bye).not.toBeNull()
  expect(stage.abandoned).toEqual(['100'])
  expect(stage.clock.pending).toBe(0)
})
