import { expect, it } from 'vitest'
import { parseTargetDialog } from '../../../../src/calls/transfer/replaces.js'

it.each([
  ['a@192.0.2.1;local-tag=one;remote-tag=two', { callId: 'a@192.0.2.1', tags: ['one', 'two'] }],
  ['a@192.0.2.1 ; Remote-Tag = two ; x=y ; Local-Tag = one', { callId: 'a@192.0.2.1', tags: ['one', 'two'] }],
  ['a@192.0.2.1;local-tag=one', null],
  [';local-tag=one;remote-tag=two', null],
  ['a@192.0.2.1;to-tag=one;from-tag=two', null],
])('Target-Dialog: %s is read (RFC 4538 §7)', (text, dialog) => {
  expect(parseTargetDialog(text)).toEqual(dialog)
})
