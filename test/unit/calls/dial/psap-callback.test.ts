import { expect, it } from 'vitest'
import { silentLogger } from '../../../../src/base/logger.js'
import type { Call } from '../../../../src/calls/call.js'
import { createAttempts } from '../../../../src/calls/dial/attempt.js'
import { createDial } from '../../../../src/calls/dial/dial.js'
import type { Branch } from '../../../../src/calls/dial/fork.js'
import type { RefusalReason } from '../../../../src/calls/failure.js'
import { decide } from '../../../../src/calls/routing/decide.js'
import { createManualClock } from '../../../support/process/manual-clock.js'
import { dev, node, scene } from '../routing/scene.js'

const nothing = (): (() => void) => () => undefined

/** Who is called, in order, when an emergency centre calls back a phone at this node and at paris-2, which respond with these statuses. */
async function calledBack({ phone, far, reason }: { phone: number; far: number; reason: RefusalReason | '' }): Promise<readonly string[]> {
  const invited: string[] = []
  const clock = createManualClock()
  const srf = {
    reportsTrying: true,
    invite(uri: string) {
      invited.push(uri)
      const header = () => (uri === 'paris-2' ? reason : '')
      const reply = { status: uri === 'paris-2' ? far : phone, reason: '', body: '', header }
      return { result: Promise.resolve({ outcome: 'failed', reply }), onSent: nothing, onProvisional: nothing, cancel: nothing }
    },
  }
  const hotdesk = { onChange: nothing }
  const nodeLegs = { watchSetUp: nothing }
  const attempts = createAttempts({ srf, clock, hotdesk, nodeLegs, connect: nothing, ringingCalls: {}, busyGraceMs: () => 0 } as never)
  const branch = (uri: string, parts: Partial<Branch>) => ({ uri, parts: {}, device: null, ...parts })
  const branches = {
    toPhone: (_call: Call, { node: at, device }: { node: string; device: Branch['device'] }) => branch(`phone of ${at}`, { device }),
    toPhoneAt: (_call: Call, { name }: { name: string }) => branch(name, { node: { name: node(name), boot: null } }),
  }
  const limits = { report: nothing }
  const dial = createDial({ srf, attempts, branches, destinations: {}, registrar: {}, limits, domain: 'hotdesk' } as never)
  const home = scene({
    nodes: ['paris-1', 'paris-2'],
    registered: { HD0002: 'paris-1', HD0003: 'paris-2' },
    callBacks: { '+33199000100': 'HD0003' },
  })
  const bindingsOf = () => ['HD0002', 'HD0003'].flatMap((id) => home.registrar.bindingsOf(dev(id)))
  const knowledge = { ...home, registrar: { bindingsOf } }
  const invite = { cancelled: false, header: () => '', onCancel: nothing, respond: nothing }
  const control = { endBy: nothing, endReason: null, isEmergency: false }
  const progress = { reached: '', legs: [], called: new Map(), forwarded: new Map() }
  const call = {
    invite,
    control,
    progress,
    knowledge,
    caller: { kind: 'trunk' },
    offer: '',
    headers: {},
    log: silentLogger(),
  } as unknown as Call
  await dial(call, decide({ kind: 'delivered', number: '+33199000100' }, knowledge))
  return invited
}

const once = ['phone of paris-1', 'paris-2']
const again = [...once, 'phone of paris-1', 'phone of paris-2']

it.each<[string, Parameters<typeof calledBack>[0], readonly string[]]>([
  ['the phone is busy', { phone: 503, far: 486, reason: 'busy' }, once],
  ['the other node does not take the call, because a clock is wrong', { phone: 503, far: 403, reason: '' }, again],
  ['the other node stops', { phone: 503, far: 503, reason: 'stopping' }, again],
])('a PSAP callback to a phone of two nodes over them, and once more from here only if that may help: %s', async (_, given, expected) => {
  expect(await calledBack(given)).toEqual(expected)
})
