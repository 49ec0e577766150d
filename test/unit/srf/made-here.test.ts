import { expect, it } from 'vitest'
import type { DrachtioMessage } from '../../../src/srf/drachtio.js'
import { toReply } from '../../../src/srf/messages.js'

function response(status: number, address: string): DrachtioMessage {
  return {
    status,
    reason: `Reason ${status}`,
    get: () => undefined,
    body: undefined,
    source_address: address,
  } as unknown as DrachtioMessage
}

// drachtio-server 0.9.10: 410 for a connection that broke, 416 without a transport, 500 of its resolver, 503 for a refused connection.
it.each([
  [408, 408],
  [410, 503],
  [416, 503],
  [487, 487],
  [500, 503],
  [503, 503],
])('a %i that the SIP server has made itself counts as %i (RFC 3261 §8.1.3.1)', (made, counted) => {
  expect(toReply(response(made, ''))).toMatchObject({ status: counted, reason: `Reason ${made}`, madeHere: 'server' })
})

it.each([180, 200, 410, 416, 500])('a %i from the network stays as it is', (status) => {
  const answer = toReply(response(status, '192.0.2.7'))
  expect([answer.status, answer.madeHere]).toEqual([status, undefined])
})
