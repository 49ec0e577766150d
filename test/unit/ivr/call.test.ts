import { expect, test } from 'vitest'
import { keyBodies } from '../../../src/media/key.js'
import { alice, device, openStage, type Stage, type StageParts, settled } from '../../support/media/ivr-stage.js'

async function inDialogue(parts: StageParts = {}): Promise<Stage & { over: Promise<void> }> {
  const stage = await openStage(parts)
  const over = stage.ivr.login(stage.call.invite, device, alice)
  await settled()
  return { ...stage, over }
}

test.each([
  ['no-common-codec', 488],
  ['no-audio', 488],
  ['other-family', 488],
  ['other-profile', 488],
  ['no-port', 503],
  ['malformed', 400],
] as const)('Without audio (%s) the call is refused with %i', async (outcome, status) => {
  const stage = await openStage()
  stage.media.outcome = outcome
  await stage.ivr.login(stage.call.invite, device, alice)
  expect(stage.call.responses.map((response) => response.status)).toEqual([status])
  expect(stage.log.join()).toContain('call.refused')
})

test('A call with another media profile is refused, with a Warning and the profile in the log (RFC 3261 §20.43)', async () => {
  const stage = await openStage()
  stage.media.outcome = 'other-profile'
  await stage.ivr.login(stage.call.invite, device, alice)
  expect(stage.call.responses[0]?.parts.headers).toEqual({ Warning: '302 hotdesk "Incompatible transport protocol"' })
  expect(stage.log.join()).toContain('profile RTP/SAVP')
})

test('The 200 and the response to OPTIONS in the dialogue list our capabilities (RFC 3261 §11.2, §13.3.1.4)', async () => {
  const stage = await inDialogue()
  expect(stage.call.responses[0]?.parts.headers?.Allow).toMatch(/\bINFO\b/)
  const { Allow, Accept, Supported } = stage.call.request('OPTIONS')?.parts.headers ?? {}
  expect(Allow).not.toMatch(/REFER|SUBSCRIBE/)
  expect([Accept, Supported]).toEqual([expect.stringContaining('application/dtmf'), 'timer'])
})

test('Without a free port the call gets 503 with Retry-After (RFC 3261 §21.5.4)', async () => {
  const stage = await openStage()
  stage.media.outcome = 'no-port'
  await stage.ivr.login(stage.call.invite, device, alice)
  expect(stage.call.responses[0]?.parts.headers).toEqual({ 'Retry-After': '10' })
})

test('A call that is silent for 10 s is ended, and not earlier', async () => {
  const stage = await inDialogue()
  await stage.passSilently(9_980)
  expect(stage.call.bye).toBeNull()
  await stage.passSilently(40)
  expect(stage.call.bye).toEqual({ Reason: 'SIP;cause=408;text="No RTP"' })
  await stage.over
  expect(stage.log.join()).toContain('media.silent')
  expect(stage.abandoned).toEqual(['100'])
})

test('The 10 s begin at the last packet', async () => {
  const stage = await inDialogue()
  await stage.pass(2_000)
  await stage.passSilently(5_000)
  await stage.pass(40)
  await stage.passSilently(9_000)
  expect(stage.log.join()).not.toContain('media.silent')
  await stage.passSilently(1_100)
  expect(stage.log.join()).toContain('media.silent')
})

test('REFER in the dialogue is refused with 403', async () => {
  const stage = await inDialogue()
  expect(stage.call.request('REFER')?.status).toBe(403)
  expect(stage.call.bye).toBeNull()
})

test('Hold and every other re-INVITE is answered, an unsuitable one with 488, and the call goes on', async () => {
  const stage = await inDialogue()
  expect(stage.call.request('INVITE', { body: 'hold' })).toEqual({
    status: 200,
    parts: { headers: { 'Content-Type': 'application/sdp' }, body: 'answer to hold' },
  })
  expect(stage.call.request('INVITE', { body: 'unsuitable' })?.status).toBe(488)
  expect(stage.call.request('UPDATE', { body: 'resume' })?.parts.body).toBe('answer to resume')
  expect(stage.call.request('UPDATE')).toEqual({ status: 200, parts: {} })
  expect(stage.call.bye).toBeNull()
})

test('A re-INVITE without an offer gets ours, and the ACK carries the answer (RFC 3264 §4)', async () => {
  const stage = await inDialogue()
  expect(stage.call.request('INVITE')?.parts.body).toBe('our new offer')
  stage.call.ack('their answer')
  expect(stage.media.accepted).toEqual(['their answer'])
})

test('An INVITE without an offer gets ours, and an ACK without a common codec ends the call', async () => {
  const stage = await inDialogue({ body: '' })
  expect(stage.call.responses).toMatchObject([{ status: 200, parts: { body: 'our answer' } }])
  stage.call.ack('unsuitable')
  expect(stage.call.bye?.Reason).toContain('488')
  await stage.over
})

test.each([
  ['application/dtmf-relay', (key: string) => `Signal=${key}\r\nDuration=160\r\n`],
  ['application/dtmf', (key: string) => key],
])('Digits are accepted by SIP INFO as %s', async (type, body) => {
  const stage = await inDialogue()
  for (const key of ['1', '2', '3', '4', '#']) expect(stage.call.request('INFO', { type, body: body(key) })?.status).toBe(200)
  await settled()
  expect(stage.attempts).toMatchObject([{ pin: '1234' }])
})

test('INFO of another type is refused with 415, which lists the accepted types (RFC 3261 §21.4.13)', async () => {
  const stage = await inDialogue()
  expect(stage.call.request('INFO', { type: 'application/media_control+xml', body: '<x/>' })).toEqual({
    status: 415,
    parts: { headers: { Accept: keyBodies.join(', ') } },
  })
  expect(stage.call.request('INFO')?.status).toBe(200)
})

test('A press that arrives as an event and by INFO counts once', async () => {
  const stage = await inDialogue()
  for (const key of ['1', '1', '3', '4', '#'] as const) {
    stage.media.press(key)
    stage.call.request('INFO', { type: 'application/dtmf', body: key })
    await stage.pass(200)
  }
  expect(stage.attempts).toMatchObject([{ pin: '1134' }])
})

test('A press that is heard as a tone before its INFO arrives counts once', async () => {
  const stage = await inDialogue()
  for (const key of ['1', '1', '3', '4', '#'] as const) {
    stage.media.press(key, 'tone')
    await stage.pass(200)
    stage.call.request('INFO', { type: 'application/dtmf', body: key })
    await stage.pass(200)
  }
  expect(stage.attempts).toMatchObject([{ pin: '1134' }])
})

test('A PIN can be entered by tones alone', async () => {
  const stage = await inDialogue()
  for (const key of ['1', '2', '3', '4', '#'] as const) {
    stage.media.press(key, 'tone')
    await stage.pass(200)
  }
  expect(stage.attempts).toMatchObject([{ pin: '1234' }])
})

test('A caller who hangs up before the 200 leaves no session and no timer', async () => {
  const stage = await openStage({ lost: 'caller gone' })
  await stage.ivr.login(stage.call.invite, device, alice)
  expect(stage.media.open).toBe(0)
  expect(stage.clock.pending).toBe(0)
})

test('Other requests in the dialogue get a response: OPTIONS 200, unknown methods 405 with Allow', async () => {
  const stage = await inDialogue()
  expect(stage.call.request('OPTIONS')?.status).toBe(200)
  const unknown = stage.call.request('PUBLISH')
  expect(unknown?.status).toBe(405)
  expect(unknown?.parts.headers?.Allow).toContain('INFO')
})
