import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createResponse } from '../../../../src/sip/message/builder.js'
import { openStillLayer, peer, type StillLayer, wire } from '../../../support/sip/still-layer.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const requests = 500

let still: StillLayer
beforeEach(async () => {
  still = await openStillLayer()
})
afterEach(() => still.layer.close())

function answerAll(): void {
  still.layer.onRequest(({ request, respond }) => void respond(createResponse(request, 401, undefined, 'x')))
}

/** Each with 14 kB that the response does not repeat. */
function sendAll(from: number): void {
  for (let number = from; number < from + requests; number += 1) {
    const more = ['X-One', 'X-Two'].map((name) => `${name}: ${number}${'a'.repeat(7_000)}`)
    const parts = { line: 'REGISTER sip:x@192.0.2.1 SIP/2.0', branch: `z9hG4bK${number}`, cseq: '1 REGISTER', callId: `call-${number}` }
    still.arrives(wire({ ...parts, more }), { ...peer, port: 1_024 + (number % 60_000) })
    // What comes in between, as in a node: its memory is not to be held by what is kept.
    for (let between = 0; between < 3; between += 1) Buffer.from('b'.repeat(3_000))
    still.net.clear()
  }
}

/** Kilobytes. */
function inUse(): number {
  for (let times = 0; times < 2; times += 1) collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1_024
}

test('after a final response, only the response is kept for retransmissions', () => {
  answerAll()
  sendAll(10_000)
  const before = inUse()
  sendAll(20_000)
  const kept = (inUse() - before) / requests
  process.stdout.write(`${kept.toFixed(1)} kB are kept of each request of 14 kB\n`)
  expect(still.layer.load().serverTransactions).toBe(2 * requests)
  expect(kept).toBeLessThan(4)
})
