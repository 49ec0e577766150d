import { expect, test } from 'vitest'
import { createBoundedMap } from '../../../../src/sipd/bounded-map.js'

test('a full map drops its oldest entry for a new one, and none for an existing one', () => {
  const map = createBoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('b', 3)
  expect([map.get('a'), map.get('b')]).toEqual([1, 3])
  map.set('c', 4)
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([undefined, 3, 4, 2])
})
