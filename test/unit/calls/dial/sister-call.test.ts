import { expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import type { Call } from '../../../../src/calls/call.js'
import { createAttempts } from '../../../../src/calls/dial/attempt.js'
import { createOutsideCalls, type OutsideCallNeeds } from '../../../../src/calls/dial/outside-call.js'
import { createSisterCall } from '../../../../src/calls/inbound/sister-call.js'
import type { LiveNode } from '../../../../src/directory/directory.js'
import { createManualClock } from '../../../support/process/manual-clock.js'
import { loadPlan } from '../../dialplan/plan-text.js'
import { dev, node, nodeOf, scene } from '../routing/scene.js'

const plan = loadPlan(`
site: paris
outside: "0"
extensions: [10X]
trunks:
  carrier: { uri: "sip:192.0.2.1", register: yes, username: paris, password: carrier-pw-1, callerId: "+33199000000" }
`)
const sister: LiveNode = nodeOf(node('paris-0'), undefined, ['trunk', 'registrations'])
const self: LiveNode = { ...sister, name: node('paris-1') }
const party = { name: '', number: '+33199000000', isPrivate: false, isAsserted: true }
const watched = (): (() => void) => () => undefined

/** The statuses with which the sister, and then the trunk itself, refuse. */
function callsOver(statuses: number[]) {
  const clock = createManualClock()
  const srf = {
    reportsTrying: true,
    invite: () => ({
      result: Promise.resolve({
        outcome: 'failed',
        reply: { status: statuses.shift() ?? 500, reason: '', body: '', header: () => 'upstream' },
      }),
      onSent: watched,
      onProvisional: watched,
      cancel: watched,
    }),
  }
  const nodeLegs = { watchSetUp: watched }
  const attempts = createAttempts({ srf, clock, nodeLegs, hotdesk: {}, connect: watched, ringingCalls: {}, busyGraceMs: () => 0 } as never)
  const request = { responded: watched, failed: watched, timedOut: watched, passedOver: watched }
  const trunks = {
    enter: () => ({ outcome: 'entered', leave: watched }),
    begin: () => request,
    outgoing: () => ({ uri: 'sip:112@192.0.2.1', parts: {} }),
  }
  const branches = { toSister: () => ({ uri: 'sip:112@192.0.2.2', parts: {}, device: null }) }
  return createOutsideCalls({ srf, clock, nodeLegs, attempts, trunks, branches } as unknown as OutsideCallNeeds)
}

function callTo(responses: number[], parts: Partial<Call>): Call {
  const invite = {
    cancelled: false,
    uri: 'sip:112@192.0.2.9',
    header: () => '',
    onCancel: watched,
    respond: (status: number) => void responses.push(status),
  }
  const given = { kind: 'emergency', caller: { kind: 'unknown' }, party, plan, offer: '', headers: {}, log: silentLogger() }
  const progress = { reached: '', legs: [] }
  const knowledge = scene({ nodes: [], others: [sister, self], plan })
  return { ...given, invite, progress, knowledge, control: { endBy: watched, endReason: null }, ...parts } as unknown as Call
}

it('an emergency call that the trunk ends with 487, over another node, has failed: its caller has not given up', async () => {
  const outside = { number: '112', e164: null, trunks: plan.trunks, party, location: null, diversions: [] }
  const ended = await callsOver([487, 503]).overTrunks(callTo([], {}), outside)
  expect(ended).toEqual({ result: 'upstream', reason: 'upstream' })
})

it.each<[string, LiveNode | null, number, readonly string[]]>([
  ['that has lost Redis, and so has no heartbeat', null, 486, ['+33199000000 HD0001']],
  ['of this site', { ...self, name: node('paris-2') }, 486, ['+33199000000 HD0001']],
  ['of another site', { ...self, site: 'london' as LiveNode['site'] }, 503, []],
])('an emergency call of a node %s: over the trunk, and the phone can be called back, or neither', async (_, known, status, expected) => {
  const responses: number[] = []
  const remembered: string[] = []
  const needs = {
    outsideCalls: callsOver([486]),
    trunks: { isRegistered: () => true },
    record: async (_call: Call, run: () => unknown) => void (await run()),
    psapCallbacks: { remember: (...shown: readonly string[]) => void remembered.push(shown.join(' ')) },
  }
  const caller = { kind: 'node', node: { name: node('paris-2'), boot: null }, hops: 1, purpose: 'trunk' } as const
  const knowledge = scene({ plan })
  const directory = { ...knowledge.directory, node: () => known }
  const call = callTo(responses, { caller, knowledge: { ...knowledge, directory } })
  await createSisterCall(needs)(call, { trunk: 'carrier', kind: 'emergency', location: null, device: dev('HD0001') })
  expect([responses, remembered]).toEqual([[status], expected])
})
