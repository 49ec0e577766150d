import { describe, expect, test } from 'vitest'
import { refusals } from '../../../src/cli/operator/refusals.js'
import { type Action, verdictOf } from '../../../src/cli/operator/replies.js'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'

/** What the headers call the details behind a word. */
const details = ['EXTENSION', 'DEVICE', 'CALLS', 'TARGET', 'USER', 'NODE']

/** The replies that the header of a function in the library promises. */
function promised(name: string): string[] {
  const header = new RegExp(`^-- ${name} .*\\n((?:--   .*\\n)+)`, 'm').exec(hotdeskLibrary.code)?.[1] ?? ''
  const words = Array.from(header.matchAll(/(?<!-)\b([A-Z][A-Z_]{3,})\b(?!-)/g), ([, word]) => word ?? '')
  // A node alone is told that it is not its turn.
  return [...new Set(words)].filter((word) => !details.includes(word) && word !== 'NOT_YOURS')
}

describe('the words of a function', () => {
  test.each([
    ['login', ['100', 'HD0001'], 'LOGGED_IN', true, '100 logged in at HD0001'],
    ['login', ['100', 'HD0001'], 'MOVED HD0002', true, '100 logged in at HD0001 and out of HD0002'],
    ['login', ['101', 'HD0001'], 'DISPLACED 100', true, '101 logged in at HD0001; 100 was logged out there'],
    ['login', ['101', 'HD0001'], 'DISPLACED 100 HD0002', true, '101 logged in at HD0001 and out of HD0002; 100 was logged out there'],
    ['login', ['100', 'HD0001'], 'DENIED disabled', false, 'user 100 is disabled'],
    ['login', ['100', 'HD0001'], 'DENIED', false, 'user 100 may not hot-desk'],
    ['login', ['100', 'HD0009'], 'UNKNOWN_DEVICE', false, 'there is no phone HD0009'],
    ['logout', ['PA0001', '100'], 'LOGGED_OUT 100', true, '100 logged out of PA0001'],
    ['logout', ['100', 'PA0001'], 'LOGGED_OUT 100', true, '100 logged out of PA0001'],
    [
      'logout',
      ['100', 'HD0001'],
      'DRAINING 1',
      true,
      '100 will be logged out of HD0001 when the current call ends. To end it now: hotdesk logout 100 --now',
    ],
    [
      'logout',
      ['HD0001', '100'],
      'DRAINING 2',
      true,
      '100 will be logged out of HD0001 when 2 calls have ended. To end them now: hotdesk logout HD0001 --now',
    ],
    ['logout', ['HD0001'], 'EMERGENCY', false, 'HD0001 is in an emergency call, or in the quiet time after one'],
    ['who', ['100'], 'AT HD0001 HD0002', true, '100 is logged in at HD0001, HD0002'],
    ['unlock', ['100'], 'UNLOCKED 100', true, '100 unlocked'],
    ['unlock', ['100'], 'NOT_LOCKED 100', true, '100 was not locked and has no failed attempts'],
    ['logout', ['100'], 'NOWHERE', false, '100 is not logged in'],
    ['logout', ['HD0001'], 'FREE', false, 'nobody is logged in at HD0001; its display will be refreshed'],
    ['refresh', ['100'], 'NOWHERE', false, '100 is not logged in, so there is no phone to refresh'],
    [
      'replace',
      ['HD0001', 'HD0002'],
      'REPLACED 100',
      true,
      '100 moved from HD0001 to HD0002, with the site and location of HD0001. HD0001 is no longer for hot desking and has no location',
    ],
    ['replace', ['HD0001', 'HD0002'], 'OCCUPIED 101', false, '101 is logged in at HD0002 and must be logged out there first'],
  ] as const)('%s %j: %s', (action, args, reply, done, sentence) => {
    expect(verdictOf(action, reply, args)).toEqual({ done, sentence })
  })

  test.each([
    ['login', 'hotdesk_login'],
    ['logout', 'hotdesk_logout'],
    ['unlock', 'hotdesk_unlock'],
    ['refresh', 'hotdesk_refresh'],
    ['replace', 'hotdesk_replace'],
  ] as const)('every reply that the library promises for %s has its sentence', (action: Action, name) => {
    const words = promised(name)
    expect(words.length).toBeGreaterThan(1)
    expect(words.filter((word) => verdictOf(action, `${word} 1`, ['100', 'HD0001']).sentence.startsWith('unexpected'))).toEqual([])
  })

  test('that refuse are exactly those whose next step is listed', () => {
    const actions = ['login', 'logout', 'unlock', 'refresh', 'replace'] as const
    const refused = actions.flatMap((action) =>
      promised(`hotdesk_${action}`).filter((word) => !verdictOf(action, `${word} 1`, ['100', 'HD0001']).done),
    )
    expect([...new Set(refused)].toSorted()).toEqual(Object.keys(refusals).toSorted())
  })

  test('a word of another version is shown as it is, and is not success', () => {
    expect(verdictOf('login', 'SOMETHING new', ['100', 'HD0001'])).toEqual({ done: false, sentence: 'unexpected reply: SOMETHING new' })
  })
})
