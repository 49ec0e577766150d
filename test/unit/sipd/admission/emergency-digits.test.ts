import { describe, expect, it } from 'vitest'
import { createRequest } from '../../../../src/sip/message/builder.js'
import { emergencyCallsTo, possibleEmergencyCallsTo } from '../../../../src/sipd/transaction/admission/emergency.js'

const inviteTo = (digits: string) =>
  createRequest({
    method: 'INVITE',
    uri: `sip:${digits.replaceAll('#', '%23')}@hotdesk.test`,
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1'],
      ['From', '<sip:HD0001@hotdesk.test>;tag=1'],
      ['To', '<sip:x@hotdesk.test>'],
      ['Call-ID', '1'],
      ['CSeq', '1 INVITE'],
    ],
  })

describe('the SIP server', () => {
  it.each([
    ['112', true, true],
    ['*68*london*112', true, true],
    ['*6844#112', true, true],
    ['*68*london*112#', true, true],
    ['*68*london*68*oslo*112', true, true],
    ['112*', true, true],
    // Without a sign before it, the number may be part of another one.
    ['*6844112', false, true],
    ['*68*london*1123', false, false],
    ['9112', false, true],
    ['00331112', false, false],
  ])('takes %s for an emergency call: %s; for a possible one: %s', (digits, isCertain, isPossible) => {
    const request = inviteTo(digits)
    expect([emergencyCallsTo(['112'])(request), possibleEmergencyCallsTo(['112'])(request)]).toEqual([isCertain, isPossible])
  })

  it.each(['*6844*6844112', '*68*london*6844112', `${'*6844'.repeat(7)}112`])(
    'takes %s for an emergency call: it knows the last code',
    (digits) => {
      expect(emergencyCallsTo(['112', '*6844112'])(inviteTo(digits))).toBe(true)
    },
  )
})
