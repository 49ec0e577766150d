import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAppError } from '../../src/base/errors.js'
import { createResponse } from '../../src/sip/message/builder.js'
import type { ClientTransaction, ServerTransaction } from '../../src/sipd/transaction/transaction-layer.js'
import { aRequest, createDiary } from '../support/sip/sip-pair.js'
import { answer, openStillLayer, type StillLayer, wire } from '../support/sip/still-layer.js'

const methods = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'REGISTER'] as const
const ports = ['', ':0', ':5070', ':65535'] as const

const step = fc.oneof(
  fc.record({
    kind: fc.constant('request' as const),
    method: fc.constantFrom(...methods),
    branch: fc.constantFrom('z9hG4bK1', 'z9hG4bK2', '1', ''),
    sentBy: fc.constantFrom(...ports),
    rport: fc.boolean(),
    tag: fc.boolean(),
    cut: fc.nat({ max: 400 }),
  }),
  fc.record({
    kind: fc.constant('respond' as const),
    which: fc.nat({ max: 9 }),
    status: fc.constantFrom(100, 180, 200, 302, 401, 486, 503),
  }),
  fc.record({ kind: fc.constant('send' as const), method: fc.constantFrom('INVITE', 'OPTIONS') }),
  fc.record({
    kind: fc.constant('answer' as const),
    which: fc.nat({ max: 9 }),
    status: fc.constantFrom(100, 180, 200, 302, 401, 486, 503),
  }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('refuse' as const) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 499, 500, 5_000, 32_000) }),
  fc.record({ kind: fc.constant('noise' as const), bytes: fc.string({ unit: 'binary', maxLength: 80 }) }),
)
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

function take(still: StillLayer, calls: ClientTransaction[], one: Step): void {
  if (one.kind === 'request') still.arrives(requestText(one))
  else if (one.kind === 'respond') respond(still.transactions.at(-1 - one.which), one.status)
  else if (one.kind === 'send') calls.push(still.layer.send(aRequest(one.method, 'sip:x@192.0.2.7:5070'), still.hop, createDiary()))
  else if (one.kind === 'answer') still.arrives(answer(still.net.sent.at(-1 - one.which)?.text ?? '', one.status))
  else if (one.kind === 'cancel') calls.at(-1 - one.which)?.cancel(createDiary(), null)
  else if (one.kind === 'refuse') still.net.refuse(still.hop.remote)
  else if (one.kind === 'wait') still.clock.advance(one.ms)
  else still.arrives(one.bytes)
}

function requestText({ method, branch, sentBy, rport, tag, cut }: Step & { kind: 'request' }): string {
  const text = wire({
    line: `${method} sip:b@192.0.2.1 SIP/2.0`,
    branch,
    cseq: `1 ${method}`,
    sentBy: `192.0.2.7${sentBy}`,
    viaParams: rport ? ';rport' : '',
    ...(tag && { toTag: 'x' }),
  })
  return cut > 300 ? text.slice(0, -cut) : text
}

function respond(transaction: ServerTransaction | undefined, status: number): void {
  if (!transaction) return
  try {
    transaction.respond(createResponse(transaction.request, status, undefined, 'x'))
  } catch (fault) {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
  }
}

test('in any order of events nothing throws, nothing is left, and every transaction of ours ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const still = await openStillLayer()
      const before = still.clock.pending
      const calls: ClientTransaction[] = []
      for (const one of steps) {
        take(still, calls, one)
        await Promise.resolve()
      }
      for (const transaction of still.transactions) respond(transaction, 500)
      // A call that rings forever ends by CANCEL (Timer N), which the transaction user sends.
      for (const call of calls) call.cancel(createDiary(), null)
      await Promise.resolve()
      still.clock.advance(100_000)
      expect(still.layer.counts().faults).toBe(0)
      expect(still.clock.pending).toBe(before)
      expect(still.layer.load()).toMatchObject({ serverTransactions: 0, clientTransactions: 0 })
      expect(calls.every((call) => call.terminated)).toBe(true)
      await still.layer.close()
      expect(still.clock.pending).toBe(0)
    }),
    { numRuns: 400 },
  )
})
