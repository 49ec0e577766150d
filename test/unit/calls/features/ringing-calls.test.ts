import { describe, expect, test } from 'vitest'
import type { DialogName } from '../../../../src/calls/bridge/conversations.js'
import { createRingingCalls, noteEarlyDialog, type RingingCall } from '../../../../src/calls/features/ringing-calls.js'
import type { SipReply } from '../../../../src/srf/srf.js'
import { ext } from '../routing/scene.js'

function replyOf(status: number, headers: Readonly<Record<string, string>>): SipReply {
  return { status, reason: '', body: '', header: (name) => headers[name] ?? '' }
}

const ringing180 = replyOf(180, { 'Call-ID': 'leg-b@paris-1', From: '<sip:105@hotdesk.example>;tag=ours', To: '<sip:106@desk>;tag=theirs' })

/** A call of 105 that rings for 106. */
function ringingCall(isTakenOver = false): RingingCall {
  const dialogs: DialogName[] = []
  noteEarlyDialog(dialogs, ringing180)
  const headers: Readonly<Record<string, string>> = { From: '<sip:HD0005@hotdesk.example>;tag=caller' }
  const invite = { callId: 'leg-a@desk', header: (name: string) => headers[name] ?? '' }
  return { call: { invite, isTakenOver }, dialogs, take: () => true, ended: Promise.resolve(null) } as unknown as RingingCall
}

describe('a call that rings', () => {
  test.each<readonly [string, DialogName, boolean]>([
    ['the phone that rings, as the node sees it', { callId: 'leg-b@paris-1', tags: ['theirs', 'ours'] }, true],
    ['the phone that rings, as that phone sees it', { callId: 'leg-b@paris-1', tags: ['ours', 'theirs'] }, true],
    ['the caller', { callId: 'leg-a@desk', tags: ['any', 'caller'] }, true],
    ['the caller, as the caller sees it', { callId: 'leg-a@desk', tags: ['caller', 'any'] }, true],
    ['nobody: one tag is wrong', { callId: 'leg-b@paris-1', tags: ['ours', 'other'] }, false],
    ['nobody: the other tag is wrong', { callId: 'leg-b@paris-1', tags: ['other', 'theirs'] }, false],
    ['nobody: the Call-ID is that of another dialog', { callId: 'leg-c@paris-1', tags: ['ours', 'theirs'] }, false],
    ['nobody: it is not the tag of the caller', { callId: 'leg-a@desk', tags: ['ours', 'theirs'] }, false],
  ])('is found by the dialog of %s (RFC 3891 §3): %j', (_whose, name, isFound) => {
    const calls = createRingingCalls()
    const ringing = ringingCall()
    const end = calls.begin(ext('106'), ringing)
    expect(calls.named(name)).toEqual(isFound ? { user: '106', ringing } : null)
    end()
    expect(calls.named(name)).toBeNull()
  })

  test('is not found by the dialog of a caller whose call was taken over', () => {
    const calls = createRingingCalls()
    calls.begin(ext('106'), ringingCall(true))
    expect(calls.named({ callId: 'leg-a@desk', tags: ['any', 'caller'] })).toBeNull()
  })

  test('comes after those that have rung longer for the user', () => {
    const calls = createRingingCalls()
    const [first, second] = [ringingCall(), ringingCall()]
    const end = calls.begin(ext('106'), first)
    calls.begin(ext('106'), second)
    calls.begin(ext('107'), ringingCall())
    expect(calls.of(ext('106'))).toEqual([first, second])
    end()
    expect(calls.of(ext('106'))[0]).toBe(second)
  })
})

test.each<readonly [string, SipReply, number]>([
  ['180', ringing180, 1],
  ['100', { ...ringing180, status: 100 }, 0],
  ['183 without a To tag', replyOf(183, { 'Call-ID': 'a', From: '<sip:a@b>;tag=ours', To: '<sip:c@d>' }), 0],
])('%s makes this many early dialogs, however often it comes (RFC 3261 §12.1): %#', (_what, reply, count) => {
  const dialogs: DialogName[] = []
  noteEarlyDialog(dialogs, reply)
  noteEarlyDialog(dialogs, reply)
  expect(dialogs).toHaveLength(count)
})
