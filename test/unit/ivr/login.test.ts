import { expect, test } from 'vitest'
import { alice, device, openStage, type Stage, settled } from './stage.js'

/** Answers the call and hears the first prompt to its end. */
async function begin(stage: Stage, extension: typeof alice | null = alice): Promise<{ over: Promise<void> }> {
  const over = stage.features.login(stage.call.invite, device, extension)
  await stage.listen()
  return { over }
}

test('A good PIN is committed, confirmed, and then the call is ended', async () => {
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
  ['ELSEWHERE', ['elsewhere', 'goodbye']],
  ['EMERGENCY', ['emergency-busy', 'goodbye']],
  ['NOT_A_HOTDESK_PHONE', ['not-a-hotdesk-phone', 'goodbye']],
  ['STORE_LOST', ['try-later', 'goodbye']],
  ['UNCONFIRMED', ['unconfirmed', 'goodbye']],
  ['a fault', ['try-later', 'goodbye']],
] as const)('The outcome %s is told as %j, and the call ends', async (outcome, prompts) => {
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

test('A wrong PIN may be tried three times in one call, then comes goodbye and BYE', async () => {
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

test.each([0, 80, 499])('The answer comes 500 ms after the last digit when the check takes %i ms', async (loginTakesMs) => {
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

test('Where the check takes longer, the answer comes with it', async () => {
  const stage = await openStage({ loginTakesMs: 2_000 })
  await begin(stage)
  stage.heard()
  await stage.type('1234#')
  await stage.pass(1_700)
  expect(stage.heard()).toEqual([])
  await stage.pass(200)
  expect(stage.heard()).toEqual(['logged-in'])
})

test('Bare *77* asks for the extension first, and again after a wrong answer', async () => {
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
  const over = stage.features.login(stage.call.invite, device, alice)
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

test('The tenth digit ends the PIN; what follows is not part of it', async () => {
  const stage = await openStage({ loginTakesMs: 1_000 })
  await begin(stage)
  await stage.type('0123456789')
  await stage.type('7#')
  await stage.pass(2_500)
  expect(stage.attempts).toMatchObject([{ pin: '0123456789' }])
  expect(stage.heard()).toEqual(['ask-pin', 'logged-in'])
})

test('Whoever types nothing is asked again after 5 s, three times in all', async () => {
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

test('A star begins the entry anew, and the letters A to D are no digits', async () => {
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

test('A caller who hangs up before the PIN is complete changes nothing, and it is reported', async () => {
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

test('A caller who hangs up while the PIN is checked has not abandoned it', async () => {
  const stage = await openStage({ loginTakesMs: 1_000 })
  const { over } = await begin(stage)
  await stage.type('1234#')
  stage.call.hangUp()
  await over
  await stage.pass(3_000)
  expect(stage.abandoned).toEqual([])
  expect(stage.heard()).toEqual(['ask-pin'])
})

test('A phone that is no hot-desk phone hears so and is hung up on', async () => {
  const stage = await openStage({ hotdeskPhone: 'no' })
  const over = stage.features.login(stage.call.invite, device, alice)
  await stage.pass(4_000)
  await over
  expect(stage.heard()).toEqual(['not-a-hotdesk-phone'])
  expect(stage.call.bye).toEqual({})
  expect(stage.attempts).toEqual([])
})

test('A PIN is in no log line, whatever happens', async () => {
  const stage = await openStage({ logins: ['a fault'] })
  await begin(stage)
  await stage.type('739154#')
  await stage.pass(9_000)
  expect(stage.log.join()).toContain('call.fault')
  expect(stage.log.join()).not.toContain('739154')
})

test('When the node stops, the call is ended and the dialogue is abandoned', async () => {
  const stage = await openStage()
  const { over } = await begin(stage)
  await stage.features.close()
  await over
  await settled()
  expect(stage.call.bye).not.toBeNull()
  expect(stage.abandoned).toEqual(['100'])
  expect(stage.clock.pending).toBe(0)
})
