import { expect, test } from 'vitest'
import type { User } from '../../../src/directory/directory.js'
import { alice, device, openStage, type StageParts } from '../../support/media/ivr-stage.js'

async function typed(parts: StageParts, dialled: typeof alice | null, keys: readonly string[]) {
  const stage = await openStage(parts)
  const over = stage.ivr.logoutEverywhere(stage.call.invite, device, dialled)
  for (const each of keys) {
    await stage.listen()
    await stage.type(each)
  }
  await stage.pass(12_000)
  await over
  return { stage, heard: stage.heard().filter((name) => name !== '(cut)') }
}

test('The user of the phone is asked for the PIN, and is logged out everywhere', async () => {
  const { stage, heard } = await typed({ userOn: alice }, null, ['1234#'])
  expect(heard).toEqual(['ask-pin', 'logged-out-everywhere'])
  expect(stage.attempts).toMatchObject([{ extension: '100', pin: '1234' }])
  expect(stage.call.bye).toEqual({})
  expect(stage.abandoned).toEqual([])
})

test('At a phone without a user the extension is asked for', async () => {
  const { stage, heard } = await typed({}, null, ['101#', '1234#'])
  expect(heard).toEqual(['ask-extension', 'ask-pin', 'logged-out-everywhere'])
  expect(stage.attempts).toMatchObject([{ extension: '101', pin: '1234' }])
})

test('An extension that was dialled with the code counts, whoever sits at the phone', async () => {
  const { stage } = await typed({ userOn: '101' as typeof alice }, alice, ['1234#'])
  expect(stage.attempts).toMatchObject([{ extension: '100' }])
})

test('A wrong PIN is asked for again; the third one ends the call', async () => {
  const { stage, heard } = await typed({ everywhere: ['DENIED'] }, alice, ['1111#', '2222#', '3333#'])
  expect(heard).toEqual(['ask-pin', 'wrong', 'ask-pin', 'wrong', 'ask-pin', 'wrong', 'goodbye'])
  expect(stage.attempts).toHaveLength(3)
})

test.each([
  ['FREE', ['logged-in-nowhere']],
  ['DRAINING', ['logged-out-pending']],
  ['EMERGENCY', ['emergency-busy', 'goodbye']],
  ['STORE_LOST', ['try-later', 'goodbye']],
  ['UNCONFIRMED', ['unconfirmed', 'goodbye']],
  ['a fault', ['try-later', 'goodbye']],
] as const)('The outcome %s is announced as %j', async (outcome, words) => {
  const { heard } = await typed({ everywhere: [outcome] }, alice, ['1234#'])
  expect(heard).toEqual(['ask-pin', ...words])
})

test('Who is logged in is said by the recording of the name, else spelled without accents', async () => {
  const stage = await openStage()
  const over = stage.ivr.say(stage.call.invite, null, () => Promise.resolve({ about: 'user', extension: alice, name: 'Zoë 2' }))
  await stage.pass(12_000)
  await over
  expect(stage.heard()).toEqual([
    'logged-in-here',
    'letter-z',
    'letter-o',
    'letter-e',
    'digit-2',
    'desk-extension',
    'digit-1',
    'digit-0',
    'digit-0',
  ])
})

test.each([
  [{ fresh: 1, old: 0 }, ['messages-new', 'digit-1']],
  [{ fresh: 0, old: 20 }, ['messages-new', 'digit-0', 'messages-old', 'number-20']],
  [{ fresh: 12, old: 21 }, ['messages-new', 'number-12', 'messages-old', 'digit-2', 'digit-1']],
])('The messages %j are counted as %j', async (counts, words) => {
  const stage = await openStage({ users: [{ extension: alice, language: 'fr' } as User] })
  const over = stage.ivr.say(stage.call.invite, 'fr', () => Promise.resolve({ about: 'messages', ...counts }))
  await stage.pass(12_000)
  await over
  expect(stage.heard()).toEqual(words)
})
