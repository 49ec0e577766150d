import { expect, test } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import { type Call, reject } from '../../../../src/calls/call.js'
import { createCallControl } from '../../../../src/calls/call-control.js'
import { createPark, type ParkNeeds } from '../../../../src/calls/features/park.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const seconds = 1_000
const parkMs = 120 * seconds
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A call that is parked, and what the re-INVITE of its dialog will be answered with. */
function stage() {
  const clock = createManualClock(0)
  const reinvites: ((status: number) => void)[] = []
  const reinvite = () =>
    new Promise((resolve) => reinvites.push((status) => resolve({ status, reason: '', header: () => '', body: 'v=0' })))
  const dialog = { ended: false, description: 'v=0', continueSession: () => undefined, reinvite }
  const held = { dialog, onEnd: () => undefined, wait: () => undefined, release: () => undefined, hangUp: () => undefined }
  const needs = {
    ivr: { hold: () => Promise.resolve(held) },
    srf: { reportsTrying: true },
    connect: () => Promise.resolve({ outcome: 'ended', termination: { result: 'success', reason: '' } }),
    limits: { counted: (_call: unknown, _outside: unknown, run: () => unknown) => run() },
    spokenRefusals: { refuse: reject },
    userCalls: { park: () => () => undefined },
    clock,
  }
  const park = createPark(needs as unknown as ParkNeeds)
  const rungBack: unknown[] = []
  const callOf = (transfer: object | null) =>
    ({
      control: createCallControl(false),
      progress: {},
      plan: { parkMs, site: 'paris' },
      invite: { cancelled: false, responded: false, respond: () => undefined, answerAs: () => undefined },
      offer: 'v=0',
      caller: { kind: 'unknown' },
      party: {},
      knowledge: {
        dialplan: { site: 'paris' },
        directory: { user: () => null, site: () => null, nodes: () => [] },
        trunks: { order: () => [] },
      },
      transfer,
      log: silentLogger(),
    }) as unknown as Call
  const dialled = (transfer: object | null) =>
    park.dialled(callOf(transfer), '1', (call) => {
      rungBack.push(call)
      return { result: 'success', reason: '' }
    })
  return { clock, reinvites, rungBack, dialled }
}

test('a parked call whose time ends while somebody takes it rings nobody, and does when nothing has come of that', async () => {
  const { clock, reinvites, rungBack, dialled } = stage()
  const over = dialled({ of: 'ab', by: { user: { extension: '101' } } })
  await turn()
  clock.advance(parkMs - 1)
  const taking = dialled(null)
  await turn()
  clock.advance(5 * seconds)
  await turn()
  expect([reinvites.length, rungBack.length]).toEqual([1, 0])
  reinvites[0]?.(488)
  await taking
  clock.advance(seconds)
  await over
  expect(rungBack).toHaveLength(1)
})
