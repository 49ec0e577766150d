import { beforeEach, describe, expect, it } from 'vitest'
import type { NodeName } from '../../../../src/base/identity.js'
import { createOwnLeg, type OwnLeg } from '../../../../src/calls/own/own-leg.js'
import { createFakeMedia, type FakeMedia } from '../../../support/media/fake-media.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

describe('a call of the node itself', () => {
  let media: FakeMedia
  let leg: OwnLeg
  let heard: string[]

  beforeEach(async () => {
    media = createFakeMedia(createManualClock())
    const session = await media.offer()
    if (!session) throw new Error('no session')
    heard = []
    leg = createOwnLeg({
      session,
      uri: 'sip:100@hotdesk.test',
      node: 'paris-1' as NodeName,
      events: {
        onProgress: ({ status, sound }) => heard.push(`${status}${sound ? ' with sound' : ''}`),
        onAnswer: () => heard.push('answered'),
        onRefusal: ({ status, reason }) => heard.push(`refused ${status} ${reason}`),
        onEnd: () => heard.push('ended'),
      },
    })
  })

  it('hears early media, and nothing of 100', () => {
    leg.invite.respond(100)
    leg.invite.respond(180)
    leg.invite.respond(183, { body: 'early media' })
    expect(heard).toEqual(['180', '183 with sound'])
    expect(media.accepted).toEqual(['early media'])
  })

  it('hears one final response', () => {
    leg.invite.respond(486, { reason: 'Busy Here' })
    leg.invite.respond(480)
    expect(heard).toEqual(['refused 486 Busy Here'])
    expect(leg.invite.responded).toBe(true)
  })

  it('that is given up cannot be answered any more, like one after CANCEL', async () => {
    const cancelled: string[] = []
    leg.invite.onCancel((reason) => cancelled.push(reason))
    leg.end()
    leg.end()
    expect(cancelled).toEqual([''])
    expect(leg.invite.cancelled).toBe(true)
    await expect(leg.invite.accept({ sdp: 'an answer' })).rejects.toMatchObject({ code: 'SIP_SEND_FAILED' })
    leg.invite.respond(180)
    expect(heard).toEqual([])
  })

  it('is put on hold and resumed, and tells the bridge when it hangs up', async () => {
    const dialog = await leg.invite.accept({ sdp: 'an answer' })
    const ends: string[] = []
    dialog.onEnd(({ by }) => void ends.push(by))
    expect(await dialog.reinvite('hold')).toMatchObject({ status: 200, body: 'answer to hold' })
    expect(await dialog.reinvite('unsuitable')).toMatchObject({ status: 488 })
    expect(dialog.description).toBe('hold')
    const offered = await dialog.reinvite(null)
    expect(offered).toMatchObject({ status: 200, body: 'our new offer' })
    offered.ack?.('the answer in the ACK')
    expect(media.accepted).toEqual(['an answer', 'the answer in the ACK'])
    expect(await dialog.request('UPDATE', { body: 'resume' })).toMatchObject({ status: 200, body: 'answer to resume' })
    expect(await dialog.request('SUBSCRIBE')).toMatchObject({ status: 501 })
    leg.end()
    await dialog.bye()
    expect(ends).toEqual(['far end'])
    expect(dialog.ended).toBe(true)
    expect(await dialog.reinvite('again')).toMatchObject({ status: 481 })
    expect(heard).toEqual(['answered', 'ended'])
  })

  it('ends when the other side hangs up, without an event for the bridge that has ended it', async () => {
    const dialog = await leg.invite.accept({ sdp: 'an answer' })
    const ends: string[] = []
    dialog.onEnd(({ by }) => void ends.push(by))
    await dialog.bye()
    leg.end()
    expect(ends).toEqual([])
    expect(heard).toEqual(['answered', 'ended'])
  })
})
