import { expect, test } from 'vitest'
import { trunkWords } from '../../../../src/calls/routing/trunk-words.js'

test.each([
  [[{ name: 'a' }, { name: 'b' }], 'a, then b'],
  [[{ name: 'a', weight: 3 }, { name: 'b', weight: 1 }, { name: 'c' }], 'a (weight 3) or b (weight 1), then c'],
  [[{ name: 'a', weight: 3 }, { name: 'b' }, { name: 'c', weight: 1 }], 'a, then b, then c'],
  [[{ name: 'a', weight: 3 }], 'a'],
])('trunks that share calls are named with their weights: %j', (trunks, words) => {
  expect(trunkWords(trunks)).toBe(words)
})
