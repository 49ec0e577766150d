import { expect } from 'vitest'

/**
 * Eight times the input must not cost more than 24 times the time: a quadratic parser would need 64 times. Both sizes are run in
 * short turns, one after the other, and the fastest turn of each counts, so that a busy machine or a collection of garbage only
 * makes the test take longer: it goes on until the ratio is good, or for three seconds.
 */
const growth = 8
export const limit = 24
const patienceMs = 3000

function timeOf(run: () => void, repetitions: number): number {
  const start = performance.now()
  for (let turn = 0; turn < repetitions; turn += 1) run()
  return (performance.now() - start) / repetitions
}

/** How many times as long the large input takes. */
export function ratioOf(small: () => void, large: () => void): number {
  timeOf(small, 20)
  const repetitions = Math.ceil(1 / Math.max(timeOf(small, 5), 0.0005))
  const end = performance.now() + patienceMs
  let [smallest, largest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let turn = 0; turn < 3 || (largest / smallest > limit && performance.now() < end); turn += 1) {
    smallest = Math.min(smallest, timeOf(small, repetitions))
    largest = Math.min(largest, timeOf(large, Math.ceil(repetitions / growth)))
  }
  return largest / smallest
}

export function expectLinear(run: (size: number) => () => void, size: number): void {
  expect(ratioOf(run(size), run(size * growth))).toBeLessThanOrEqual(limit)
}

/** Text over and over, up to a size. */
export const times = (text: string, size: number): string => text.repeat(Math.ceil(size / text.length))
export const numbered = (form: (index: number) => string, size: number): string => {
  let text = ''
  for (let index = 0; text.length < size; index += 1) text += form(index)
  return text
}
