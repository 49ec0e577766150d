import { expect, it } from 'vitest'
import { parseMessageSummary } from '../../../src/messages/message-summary.js'

it.each([
  [
    'as in RFC 3842 §5.2',
    'Messages-Waiting: yes\r\nMessage-Account: sip:100@vm.example\r\nVoice-Message: 4/8 (1/2)\r\n',
    true,
    'sip:100@vm.example',
    4,
    8,
  ],
  ['without numbers', 'Messages-Waiting: no\r\n', false, '', null, null],
  ['without the urgent ones', 'Messages-Waiting: yes\r\nVoice-Message: 2/0', true, '', 2, 0],
  ['with new messages only', 'messages-waiting:YES\nVOICE-MESSAGE :  3', true, '', 3, 0],
  ['with bare numbers of voice messages', 'Voice-Message: 0/5 (0/0)', false, '', 0, 5],
  [
    'with other media, blank lines and unknown fields',
    '\r\nFax-Message: 9/9\r\nMessages-Waiting: yes \r\n\r\nSubject: hi',
    true,
    '',
    null,
    null,
  ],
  ['with a field twice', 'Messages-Waiting: no\r\nMessages-Waiting: yes', false, '', null, null],
  ['with numbers that are none', 'Messages-Waiting: yes\r\nVoice-Message: many/-1', true, '', null, null],
])('a message summary is read %s', (_, body, isWaiting, account, fresh, old) => {
  expect(parseMessageSummary(body)).toEqual({ isWaiting, account, voice: fresh === null ? null : { new: fresh, old } })
})

it.each([
  '',
  'whatever',
  'Messages-Waiting: perhaps',
  'Voice-Message: 99999999999/1',
  'Messages-Waiting yes',
  `${'x: y\n'.repeat(99)}Messages-Waiting: yes`,
])('a body that says nothing about messages is refused: %j', (body) => {
  expect(parseMessageSummary(body)).toBeNull()
})
