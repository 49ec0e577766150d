import { expect, test } from 'vitest'
import { createCallControl } from '../../../src/calls/call-control.js'

test('a call that is to end ends as its state requires, and each later state learns of it at once', () => {
  const ended: string[] = []
  const control = createCallControl(false)
  control.endBy((text) => ended.push(`ringing: ${text}`))
  expect([control.endReason, ended]).toEqual([null, []])
  control.hangUp('logged-out')
  control.hangUp('stopping')
  control.endBy((text) => ended.push(`up: ${text}`))
  expect([control.endReason, ended]).toEqual(['logged-out', ['ringing: Logged out', 'up: Logged out']])
})

test('a call that was ended before its first state ends in this state', () => {
  const ended: string[] = []
  const control = createCallControl(false)
  control.hangUp('stopping')
  control.endBy((text) => ended.push(text))
  expect(ended).toEqual(['Node stopping'])
})
