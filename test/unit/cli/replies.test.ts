import { describe, expect, test } from 'vitest'
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
    ['login', 'LOGGED_IN', true, 'logged in'],
    ['login', 'MOVED HD0002', true, 'logged in, and no longer at HD0002'],
    ['login', 'DISPLACED 100', true, 'logged in; 100 was there and is logged out now'],
    ['login', 'DISPLACED 100 HD0002', true, 'logged in; 100 was there and is logged out now, and no longer at HD0002'],
    ['login', 'DENIED disabled', false, 'the user is disabled'],
    ['login', 'UNKNOWN_DEVICE', false, 'no device has this name'],
    ['logout', 'LOGGED_OUT 100', true, 'logged out (100)'],
    ['logout', 'DRAINING 1', true, 'follows when the last of 1 call has ended; --now does not wait'],
    ['logout', 'EMERGENCY', false, 'the phone is in an emergency call, or in the quiet time after one'],
    ['who', 'AT HD0001 HD0002', true, 'sits at HD0001, HD0002'],
    ['unlock', 'UNLOCKED 100', true, 'may try again'],
    ['unlock', 'NOT_LOCKED 100', true, 'was not locked, and has no failed attempts'],
    ['logout', 'NOWHERE', false, 'is not logged in'],
    ['logout', 'FREE', false, 'nobody is logged in there; the phone shows so once more'],
    ['refresh', 'NOWHERE', false, 'is not logged in, so there is no phone to refresh'],
    [
      'replace',
      'REPLACED 100',
      true,
      '100 sits at the new phone now, which stands where the old one stood; the old one has no location and is not for hot desking any more',
    ],
    ['replace', 'OCCUPIED 101', false, '101 sits at the new phone and must be logged out there first'],
  ] as const)('%s: %s', (action, reply, done, sentence) => {
    expect(verdictOf(action, reply)).toEqual({ done, sentence })
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
    expect(words.filter((word) => verdictOf(action, `${word} 1`).sentence.startsWith('unexpected'))).toEqual([])
  })

  test('a word of another version is shown as it is, and is not success', () => {
    expect(verdictOf('login', 'SOMETHING new')).toEqual({ done: false, sentence: 'unexpected reply: SOMETHING new' })
  })
})
