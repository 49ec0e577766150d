import { describe, expect, it } from 'vitest'
import { parkedInvite } from '../../../../src/calls/features/parked-invite.js'
import type { SipDialog } from '../../../../src/srf/srf.js'
import { createFakeCall } from '../../../support/sip/fake-call.js'

/** A phone that responds so to the re-INVITE, or cannot be answered silently. */
function phone(answer: { readonly status: number; readonly body: string } | 'no audio') {
  const seen: string[] = []
  const { invite } = createFakeCall({})
  const dialog = {
    ended: false,
    description: '',
    continueSession: () => void seen.push('session continues'),
    reinvite: (sdp: string) => {
      seen.push(`re-INVITE ${sdp}`)
      return Promise.resolve({ reason: '', header: () => '', ...(answer as object) })
    },
    bye: () => Promise.resolve(void seen.push('BYE')),
    onAck: () => undefined,
  } as unknown as SipDialog
  const park = () => Promise.resolve(answer === 'no audio' ? null : { dialog, closeAudio: () => void seen.push('audio closed') })
  return { seen, parked: parkedInvite(invite, { park }) }
}

describe('the INVITE of a phone that picks up a call', () => {
  it('has no offer', () => {
    expect(phone('no audio').parked.body).toBe('')
  })

  it('is accepted with the offer of the caller by re-INVITE, and the answer comes like that in an ACK (RFC 3264 §4)', async () => {
    const { seen, parked } = phone({ status: 200, body: 'answer' })
    const dialog = await parked.accept({ sdp: 'offer' })
    const answer = await new Promise<string>((resolve) => dialog.onAck(resolve))
    expect([answer, seen]).toEqual(['answer', ['session continues', 're-INVITE offer', 'audio closed']])
  })

  it('that refuses the offer of the caller is hung up, and nothing is picked up', async () => {
    const { seen, parked } = phone({ status: 488, body: '' })
    await expect(parked.accept({ sdp: 'offer' })).rejects.toThrow('488')
    expect(seen).toEqual(['session continues', 're-INVITE offer', 'audio closed', 'BYE'])
  })

  it('that cannot be answered picks nothing up', async () => {
    await expect(phone('no audio').parked.accept({ sdp: 'offer' })).rejects.toThrow('cannot be answered')
  })
})
