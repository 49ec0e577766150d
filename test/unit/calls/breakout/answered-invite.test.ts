import { expect, it } from 'vitest'
import { answeredInvite, type WaitingCaller } from '../../../../src/calls/breakout/answered-invite.js'
import type { SipDialog } from '../../../../src/srf/srf.js'
import { createManualClock } from '../../../support/process/manual-clock.js'
import { createFakeCall } from '../../../support/sip/fake-call.js'

/** A phone that the IVR has answered, and what was done with it. */
async function answered(status: number, offer = 'an offer') {
  const done: string[] = []
  const ends: (() => void)[] = []
  const { invite } = createFakeCall({ body: offer })
  let hasEnded = false
  const dialog: SipDialog = {
    ...(await invite.accept({ sdp: 'ours' })),
    get ended() {
      return hasEnded
    },
    reinvite: (sdp) => {
      done.push(`re-INVITE ${sdp}`)
      return Promise.resolve({ status, reason: 'so', header: () => 'application/sdp', body: 'the answer' })
    },
  }
  const caller: WaitingCaller = {
    dialog,
    onEnd: (listener) => void ends.push(listener),
    ring: () => void done.push('ring'),
    say: () => Promise.resolve(),
    refuse: ({ Reason }) => Promise.resolve(void done.push(`refuse ${String(Reason)}`)),
    hangUp: () => void done.push('BYE'),
    release: () => void done.push('release'),
  }
  function end(): void {
    hasEnded = true
    for (const each of ends) each()
  }
  return { invite: answeredInvite(invite, caller, createManualClock(0)), done, end }
}

it('rings once for any number of provisional responses, and hears the reason of a refusal once', async () => {
  const { invite, done } = await answered(200)
  for (const status of [100, 180, 183, 180, 486, 503]) invite.respond(status)
  expect(done).toEqual(['ring', 'refuse SIP;cause=486'])
  expect([invite.responded, invite.cancelled]).toEqual([true, false])
})

it('gets the answer of leg B as the offer of a re-INVITE; what it was offered first stays', async () => {
  const { invite, done } = await answered(200)
  expect(invite.body).toBe('an offer')
  const acks: string[] = []
  const dialog = await invite.accept({ sdp: 'of leg B' })
  dialog.onAck((sdp) => void acks.push(sdp))
  expect([done, acks]).toEqual([['re-INVITE of leg B', 'release'], []])
})

it('answers in the ACK if its INVITE had no offer', async () => {
  const { invite } = await answered(200, '')
  const answer = new Promise((resolve) => void invite.accept({ sdp: 'of leg B' }).then((dialog) => dialog.onAck(resolve)))
  expect(await answer).toBe('the answer')
})

it('is hung up if it does not accept the other session', async () => {
  const { invite, done } = await answered(488)
  await expect(invite.accept({ sdp: 'of leg B' })).rejects.toThrow()
  expect(done).toEqual(['re-INVITE of leg B', 'BYE'])
  expect(invite.cancelled).toBe(false)
})

it('has cancelled if it hangs up while it is being connected, so that nothing has failed', async () => {
  const { invite, end } = await answered(487)
  const connected = invite.accept({ sdp: 'of leg B' })
  end()
  await expect(connected).rejects.toThrow()
  expect(invite.cancelled).toBe(true)
})

it('cancels when its call ends, unless it is refused or connected', async () => {
  const reasons: string[] = []
  const gone = await answered(200)
  gone.invite.onCancel((reason) => void reasons.push(reason))
  gone.end()
  expect([reasons, gone.invite.cancelled]).toEqual([[''], true])
  const refused = await answered(200)
  refused.invite.onCancel(() => void reasons.push('refused'))
  refused.invite.respond(404)
  refused.end()
  expect([reasons, refused.invite.cancelled]).toEqual([[''], false])
})
