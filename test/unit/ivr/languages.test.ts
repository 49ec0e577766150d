import { expect, test } from 'vitest'
import type { Language } from '../../../src/base/language.js'
import type { User } from '../../../src/directory/directory.js'
import { loadPrompts } from '../../../src/ivr/prompts.js'
import { alice, device, openStage, promptsFolder, type Stage } from '../../support/media/ivr-stage.js'
import { keepLog } from '../../support/node/kept-log.js'

const all = await loadPrompts({ folder: promptsFolder, log: keepLog().log })
const french = { extension: alice, language: 'fr' } as User

/** What was heard, with its language: `fr logged-in`. */
function heardIn(stage: Stage): readonly string[] {
  const tongues: readonly Language[] = ['en', 'de', 'fr', 'es']
  return stage.media.clips.map((clip) => {
    const language = tongues.find((each) => Buffer.compare(all.in([each]).announcement(clip.name).ulaw, clip.ulaw) === 0)
    return `${language ?? 'no language'} ${clip.name}`
  })
}

test('A login asks in the language of the site, and speaks that of the user once the PIN has proved who it is', async () => {
  const stage = await openStage({ language: 'de', users: [french], logins: ['DENIED', 'LOGGED_IN'] })
  const over = stage.ivr.login(stage.call.invite, device, alice)
  await stage.listen()
  await stage.type('1111#')
  await stage.pass(5_000)
  await stage.type('1234#')
  await stage.pass(5_000)
  await over
  expect(heardIn(stage)).toEqual(['de ask-pin', 'de wrong', 'de ask-pin', 'fr logged-in'])
})

test.each([
  ['ELSEWHERE', 'fr elsewhere'],
  ['NOT_ENTITLED', 'fr not-entitled'],
  ['LOCKED', 'de locked'],
] as const)('The outcome %s is heard as %s', async (outcome, words) => {
  const stage = await openStage({ language: 'de', users: [french], logins: [outcome] })
  const over = stage.ivr.login(stage.call.invite, device, alice)
  await stage.listen()
  await stage.type('1234#')
  await stage.pass(12_000)
  await over
  expect(heardIn(stage)[1]).toBe(words)
})

test('A logout is confirmed in the language of the user who was logged in', async () => {
  const stage = await openStage({ language: 'de', users: [french], userOn: alice })
  const over = stage.ivr.logout(stage.call.invite, device)
  await stage.pass(5_000)
  await over
  expect(heardIn(stage)).toEqual(['fr logged-out'])
})

test('A phone at which nobody is logged in speaks the language of the site; without one, English', async () => {
  for (const [language, words] of [
    ['es', 'es please-log-in'],
    [undefined, 'en please-log-in'],
  ] as const) {
    const stage = await openStage(language ? { language } : {})
    const over = stage.ivr.pleaseLogIn(stage.call.invite)
    await stage.pass(8_000)
    await over
    expect(heardIn(stage)).toEqual([words])
  }
})
