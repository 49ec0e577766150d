import { describe, expect, test } from 'vitest'
import { createDuplicatePresses, type KeyWay } from '../../../src/media/dtmf/duplicate-presses.js'
import type { Key } from '../../../src/media/media.js'

const ways: Readonly<Record<string, KeyWay>> = { T: 'tone', E: 'event', I: 'info' }

/** `T5@0 E5@30`: a tone of key 5, then an event of key 5 after 30 ms. Answers the keys that count. */
function counted(presses: string): string {
  const duplicates = createDuplicatePresses()
  return presses
    .split(' ')
    .flatMap((press) => {
      const [way = 'event', key, at] = [ways[press[0] ?? ''], press[1] as Key, Number(press.slice(3))]
      return duplicates.isNew({ key, way, at }) ? [key] : []
    })
    .join('')
}

describe('A press that arrives in two ways counts once', () => {
  test.each([
    ['a tone, then its event', 'T5@0 E5@30 T6@500 E6@530', '56'],
    ['an event, then its tone', 'E5@0 T5@40 E6@500 T6@540', '56'],
    ['a tone, then its INFO a second later', 'T5@0 I5@1000', '5'],
    ['an event, then its INFO', 'E5@0 I5@10 E6@500 I6@510', '56'],
    ['INFO, then its event', 'I5@0 E5@10 I6@500 E6@510', '56'],
    ['two tones, then the INFO of both', 'T5@0 T6@250 I5@400 I6@650 T7@700 I7@900', '567'],
    ['two tones of one key, then the INFO of both', 'T5@0 T5@250 I5@400 I5@650', '55'],
    ['tones of which the first has no event', 'T4@0 T5@250 E5@280 E4@400', '454'],
    ['all three', 'T5@0 E5@30 I5@60 E5@500 T5@530 I5@560', '55'],
  ])('%s', (_title, presses, keys) => {
    expect(counted(presses)).toBe(keys)
  })
})

describe('A key that is pressed twice counts twice', () => {
  test.each([
    ['as events', 'E5@0 E5@80 E5@160', '555'],
    ['as tones', 'T5@0 T5@80 T5@160', '555'],
    ['by INFO', 'I5@0 I5@10 I5@20', '555'],
    ['as tones and events, at once', 'T5@0 E5@30 T5@200 E5@230 T5@400 E5@430', '555'],
    ['as tones and INFO, at once', 'T5@0 I5@150 T5@200 I5@350', '55'],
    ['first as a tone alone, later as an event', 'T5@0 E5@1001', '55'],
    ['first as a tone, then another key as an event', 'T5@0 E6@300 E5@600', '565'],
  ])('%s', (_title, presses, keys) => {
    expect(counted(presses)).toBe(keys)
  })
})
