import { describe, expect, test } from 'vitest'
import { type AppError, errorList, errors, isAppError } from '../../../src/base/errors.js'

describe('an error', () => {
  test('has its code, what happened, the next step and the cause', () => {
    const cause = new Error('EADDRINUSE')
    const fault = errors.PORT_IN_USE.http({ place: '127.0.0.1:8080' }, cause)
    expect(isAppError(fault, 'PORT_IN_USE')).toBe(true)
    expect(fault).toMatchObject({
      says: 'TCP port 127.0.0.1:8080 is in use',
      todo: 'set another one at http.listen, or move the program that has it',
      message: 'TCP port 127.0.0.1:8080 is in use; set another one at http.listen, or move the program that has it',
      cause,
    })
  })

  test('without a next step of its own has that of its code, which its message leaves out', () => {
    const { todo, message }: AppError = errors.SIP_SEND_FAILED.noTarget()
    expect([todo, message]).toEqual([errorList.SIP_SEND_FAILED.todo, 'DNS Error'])
  })

  test('does not fill parameters within a value', () => {
    expect(errors.PORT_IN_USE.held({ inUse: '{holders}', holders: 'x', todo: '{inUse}' })).toMatchObject({
      says: '{holders} by x',
      todo: '{inUse}',
    })
  })
})

test('every code has a meaning in a sentence, a next step and a message', () => {
  for (const [code, { meaning, todo, messages }] of Object.entries(errorList)) {
    expect([code, meaning]).toEqual([code, expect.stringMatching(/^[A-Z`].*\.$/)])
    expect([code, todo]).toEqual([code, expect.stringMatching(/^[a-z].*[^.]$/)])
    expect(Object.keys(messages).length, code).toBeGreaterThan(0)
  }
})
