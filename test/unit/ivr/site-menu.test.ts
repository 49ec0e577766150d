import { expect, test } from 'vitest'
import type { SiteName } from '../../../src/base/identity.js'
import type { SiteAnswer, SiteQuestion } from '../../../src/ivr/site-menu/ask-for-site.js'
import { openStage, type Stage } from '../../support/media/ivr-stage.js'

const london = 'london' as SiteName
const choices = [
  { key: '2', site: london },
  { key: '3', site: 'new-york-2' as SiteName },
]

/** 112 is an emergency number, with and without 0 before it; 150 is one with which extensions begin. */
const judge: SiteQuestion['judge'] = (digits, _site, extent) => {
  if (['112', '0112'].includes(digits) || (digits === '150' && extent === 'complete')) return 'emergency'
  return extent === 'so far' && ['112', '0112', '150'].some((number) => number.startsWith(digits)) ? 'beginning' : 'ordinary'
}

const spelled = (name: string): readonly string[] =>
  Array.from(name, (character) => `${/[0-9]/.test(character) ? 'digit' : 'letter'}-${character}`)
const menu = ['choose-site', 'for', ...spelled('london'), 'press', 'digit-2', 'for', ...spelled('new-york-2'), 'press', 'digit-3'].filter(
  (name) => name !== 'letter--',
)

interface Asked extends Stage {
  readonly answer: Promise<SiteAnswer | null>
  readonly ended: AbortController
}

async function ask(digits = '', site: SiteName | null = null): Promise<Asked> {
  const stage = await openStage()
  const ended = new AbortController()
  const answer = stage.ivr.askForSite(stage.call.invite, { site, choices, digits, judge, language: null, ended: ended.signal })
  await stage.listen()
  return { ...stage, answer, ended }
}

const choiceOf = async ({ answer }: Asked) => (await answer)?.choice

test('A caller chooses a site, then enters the number', async () => {
  const stage = await ask()
  expect(stage.heard()).toEqual(menu)
  await stage.type('2')
  await stage.listen()
  expect(stage.heard()).toEqual(['ask-number'])
  await stage.type('0201234#')
  expect(await choiceOf(stage)).toEqual({ kind: 'site', site: 'london', digits: '0201234' })
  expect(stage.call.bye).toBeNull()
})

test('A caller whose code names the site enters the number alone', async () => {
  const stage = await ask('', london)
  await stage.type('5#')
  expect(stage.heard()).toEqual(['ask-number'])
  expect(await choiceOf(stage)).toEqual({ kind: 'site', site: 'london', digits: '5' })
})

test('A number that was dialled with the code is not asked for', async () => {
  const stage = await ask('0201234')
  await stage.type('3')
  expect(await choiceOf(stage)).toEqual({ kind: 'site', site: 'new-york-2', digits: '0201234' })
})

test('A number that was dialled with the code may be an emergency number of the site that is chosen: it is called from here', async () => {
  const stage = await openStage()
  const ofLondon: SiteQuestion['judge'] = (digits, site) => (digits === '999' && site === london ? 'emergency' : 'ordinary')
  const question = { site: null, choices, digits: '999', judge: ofLondon, language: null, ended: new AbortController().signal }
  const answer = stage.ivr.askForSite(stage.call.invite, question)
  await stage.listen()
  await stage.type('2')
  expect((await answer)?.choice).toEqual({ kind: 'emergency', site: 'london', digits: '999' })
})

test('A key cuts the menu short, a pause ends the number, and * is part of a number', async () => {
  const stage = await openStage()
  const answer = stage.ivr.askForSite(stage.call.invite, {
    site: null,
    choices,
    digits: '',
    judge,
    language: null,
    ended: new AbortController().signal,
  })
  await stage.pass(500)
  await stage.type('2*21*5')
  await stage.pass(3_000)
  expect((await answer)?.choice).toEqual({ kind: 'site', site: 'london', digits: '*21*5' })
  expect(stage.heard().slice(-3)).toEqual(['(cut)', 'ask-number', '(cut)'])
})

test('After a wrong key the caller hears that and the menu again, three times in total', async () => {
  const stage = await ask()
  for (const key of ['4', '9', '8']) {
    await stage.type(key)
    await stage.listen()
  }
  expect(await stage.answer).toBeNull()
  expect(stage.heard()).toEqual([...menu, 'no-such-choice', ...menu, 'no-such-choice', ...menu, 'no-such-choice', 'goodbye'])
  expect(stage.call.bye).toEqual({})
  expect([stage.media.open, stage.clock.pending]).toEqual([0, 0])
})

test('A silent caller is asked again; the site that was chosen stays', async () => {
  const stage = await ask()
  await stage.pass(5_020)
  await stage.listen()
  await stage.type('2')
  await stage.listen()
  await stage.pass(5_020)
  await stage.listen()
  expect(stage.heard()).toEqual([...menu, ...menu, 'ask-number', 'ask-number'])
  await stage.pass(5_020)
  await stage.listen()
  expect(await stage.answer).toBeNull()
  expect(stage.heard()).toEqual(['goodbye'])
  expect(stage.call.bye).toEqual({})
})

test('* repeats the menu without spending a try', async () => {
  const stage = await ask()
  for (let times = 0; times < 4; times += 1) {
    await stage.type('*')
    await stage.listen()
  }
  expect(stage.heard()).toEqual([menu, menu, menu, menu, menu].flat())
  await stage.type('2')
  await stage.listen()
  await stage.type('5#')
  expect(await choiceOf(stage)).toMatchObject({ site: 'london', digits: '5' })
})

test.each([
  ['instead of a key', '112', { site: null, digits: '112' }],
  ['instead of a key, with the prefix for an outside line', '0112', { site: null, digits: '0112' }],
  ['as the number', '2112', { site: 'london', digits: '112' }],
])('An emergency number %s is called at its last digit', async (_where, keys, expected) => {
  const stage = await ask()
  await stage.type(keys)
  expect(await choiceOf(stage)).toEqual({ kind: 'emergency', ...expected })
  expect([stage.call.bye, stage.clock.pending]).toEqual([null, 1])
})

test.each(['#', ''])('An emergency number with which an extension begins is called at the end of the entry (%j)', async (end) => {
  const stage = await ask()
  await stage.type(`2150${end}`)
  if (end === '') await stage.pass(3_000)
  expect(await choiceOf(stage)).toEqual({ kind: 'emergency', site: 'london', digits: '150' })
  const other = await ask()
  await other.type('21505#')
  expect(await choiceOf(other)).toEqual({ kind: 'site', site: 'london', digits: '1505' })
})

test('Digits that turn out to be no emergency number are a wrong key', async () => {
  const stage = await ask()
  stage.heard()
  await stage.type('113')
  await stage.listen()
  expect(stage.heard()).toEqual(['no-such-choice', ...menu])
  await stage.type('11#')
  await stage.listen()
  expect(stage.heard()).toEqual(['no-such-choice', ...menu])
})

test('When the caller hangs up, or the call has to end, nothing is chosen', async () => {
  const gone = await ask()
  gone.call.hangUp()
  expect(await gone.answer).toBeNull()
  const stopped = await ask()
  await stopped.type('22')
  stopped.ended.abort()
  expect(await stopped.answer).toBeNull()
  expect(stopped.call.bye).toEqual({})
  expect([stopped.media.open, stopped.clock.pending]).toEqual([0, 0])
})

test('The caller who waits hears the ringing tone, then the busy tone before the BYE', async () => {
  const stage = await ask('5')
  await stage.type('2')
  const caller = (await stage.answer)?.caller
  stage.heard()
  caller?.ring()
  await stage.pass(6_000)
  expect(stage.heard()).toEqual(Array.from({ length: 60 }, () => 'ringing'))
  void caller?.refuse({ Reason: 'SIP;cause=486' })
  await stage.listen()
  expect(stage.heard()).toEqual(['(cut)', 'busy', 'busy', 'busy', 'busy'])
  expect(stage.call.bye).toEqual({ Reason: 'SIP;cause=486' })
})

test('A caller who waits may be silent; one who is asked may not', async () => {
  const waiting = await ask('5')
  await waiting.type('2')
  const caller = (await waiting.answer)?.caller
  let ends = 0
  caller?.onEnd(() => (ends += 1))
  await waiting.passSilently(15_000)
  expect([waiting.call.bye, ends]).toEqual([null, 0])
  waiting.call.hangUp()
  expect(ends).toBe(1)
  const asked = await ask()
  await asked.passSilently(15_000)
  expect(asked.call.bye).toMatchObject({ Reason: expect.stringContaining('408') as string })
})

test('A caller who has heard the reason hears no busy tone', async () => {
  const stage = await ask('5')
  await stage.type('2')
  const caller = (await stage.answer)?.caller
  stage.heard()
  const said = caller?.say('barred')
  await stage.listen()
  await said
  await caller?.refuse({ Reason: 'SIP;cause=480' })
  expect(stage.heard()).toEqual(['barred'])
  expect(stage.call.bye).toEqual({ Reason: 'SIP;cause=480' })
})

test('A node that stops does not hang up a caller who waits for help, and waits until the call is connected', async () => {
  const stage = await ask()
  await stage.type('112')
  const answer = await stage.answer
  const closed = stage.ivr.close()
  expect(stage.call.bye).toBeNull()
  answer?.caller.release()
  await closed
  expect(stage.call.bye).toBeNull()
})

test('A node that stops hangs up a caller who waits for a number at a site', async () => {
  const stage = await ask('0201234')
  await stage.type('3')
  await stage.answer
  await stage.ivr.close()
  expect(stage.call.bye).not.toBeNull()
})

test('An emergency number is found during the last words of the menu, too', async () => {
  const stage = await ask()
  await stage.type('555')
  expect(stage.call.bye).toBeNull()
  await stage.type('112')
  expect(await choiceOf(stage)).toEqual({ kind: 'emergency', site: null, digits: '112' })
})
