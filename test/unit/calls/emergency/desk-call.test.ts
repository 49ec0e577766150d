import { describe, expect, it } from 'vitest'
import type { DeviceId, Extension } from '../../../../src/base/identity.js'
import { clipsOf, deskWords } from '../../../../src/calls/emergency/desk-words.js'
import { untilHeard } from '../../../../src/calls/emergency/until-heard.js'
import { toneClip } from '../../../../src/media/sound/clip.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const facts = { number: '112', device: 'HD0001' as DeviceId, user: '100' as Extension, site: 'paris', shown: '+331' }

function heardIn(words: readonly string[], recorded: readonly string[]): readonly string[] {
  const clip = (name: string) => toneClip(name, [])
  return clipsOf(words, null, { clip, recording: (name) => (recorded.includes(name) ? clip(name) : null) }).map(({ name }) => name)
}

describe('the call to the emergency desk', () => {
  it('says which number was called, from which phone, by whom, and where the emergency centre calls back', () => {
    expect(
      deskWords(facts)
        .map((word) => word.replace(/^(digit|letter)-/, ''))
        .join(' '),
    ).toBe('desk-emergency 1 1 2 desk-phone h d 0 0 0 1 desk-extension 1 0 0 location-HD0001 site-paris desk-callback 3 3 1')
  })

  it('spells with the prompts of letters and digits', () => {
    expect(deskWords(facts).slice(5, 11)).toEqual(['letter-h', 'letter-d', 'digit-0', 'digit-0', 'digit-0', 'digit-1'])
  })

  it('names neither a user nor a phone that are unknown', () => {
    const words = deskWords({ ...facts, device: null, user: null, shown: null })
    expect(words.slice(4)).toEqual(['desk-unknown-phone', 'site-paris'])
  })

  it('says the location of the phone and the name of the site if they are recorded, and is silent about them otherwise', () => {
    const words = ['desk-phone', 'location-HD0001', 'site-paris', 'digit-1']
    expect(heardIn(words, [])).toEqual(['desk-phone', 'digit-1'])
    expect(heardIn(words, ['location-HD0001'])).toEqual(['desk-phone', 'location-HD0001', 'digit-1'])
    expect(heardIn(words, ['site-paris'])).toEqual(['desk-phone', 'site-paris', 'digit-1'])
  })

  async function calledUntil(heardInRound: number): Promise<readonly [readonly number[], DeviceId | null]> {
    const clock = createManualClock()
    const at: number[] = []
    const result = untilHeard(async (round) => {
      at.push(clock.now())
      return round === heardInRound ? facts.device : null
    }, clock)
    let isOver = false
    void result.then(() => {
      isOver = true
    })
    while (!isOver) {
      await Promise.resolve()
      if (clock.pending > 0) clock.advance(15_000)
    }
    return [at, await result]
  }

  it('is repeated every 15 s until somebody has heard it', async () => {
    expect(await calledUntil(1)).toEqual([[0], 'HD0001'])
    expect(await calledUntil(3)).toEqual([[0, 15_000, 30_000], 'HD0001'])
  })

  it('is given up after four times', async () => {
    expect(await calledUntil(9)).toEqual([[0, 15_000, 30_000, 45_000], null])
  })
})
