import { expect, test } from 'vitest'
import { createAlgorithmOffers } from '../../../src/registrar/authentication/algorithm-offers.js'

test('20,000 unknown devices with names of 8 kB do not leave 160 MB of names in memory', () => {
  const offers = createAlgorithmOffers({ algorithms: ['SHA-256', 'MD5'], capacity: 50_000 })
  const name = 'a'.repeat(8_000)
  const before = process.memoryUsage().heapUsed
  // As it comes from the network: in one piece, each with memory of its own.
  const nameOf = (at: number): string => Buffer.from(`${at}${name}`).toString('latin1')
  for (let at = 0; at < 20_000; at += 1) offers.first({ key: nameOf(at), userAgent: '', strength: null })
  expect((process.memoryUsage().heapUsed - before) / 1024 / 1024).toBeLessThan(80)
  // It still knows each of them: whoever comes again without credentials is offered MD5 alone.
  expect(offers.first({ key: nameOf(7), userAgent: '', strength: null })).toEqual(['MD5'])
})

test('a phone that was forgotten because memory is full is offered all algorithms again', () => {
  const offers = createAlgorithmOffers({ algorithms: ['SHA-256', 'MD5'], capacity: 1 })
  const requester = (key: string) => ({ key, userAgent: '', strength: null })
  offers.first(requester('HD0001'))
  offers.first(requester('HD0002'))
  expect(offers.first(requester('HD0001'))).toEqual(['SHA-256', 'MD5'])
})
