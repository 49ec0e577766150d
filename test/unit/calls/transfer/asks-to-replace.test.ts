import { expect, it } from 'vitest'
import { asksToReplace } from '../../../../src/calls/transfer/replace-call.js'

const good = 'call@desk;to-tag=a;from-tag=b'

it.each([
  ['', '', false],
  [good, '', true],
  [`${good},${good}`, '', true],
  [';', '', false],
  [';', 'timer', false],
  [';', 'timer, Replaces', true],
])('an INVITE with Replaces %j and Require %j takes a call over: %s (RFC 3891 §3, RFC 4475 §3.1.2)', (replaces, require, asks) => {
  expect(asksToReplace({ header: (name) => ({ Replaces: replaces, Require: require })[name] ?? '' })).toBe(asks)
})
