import type { Milliseconds } from '../../base/clock.js'
import { errors } from '../../base/errors.js'
import { type DeviceId, parseDeviceId } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import type { Hotdesk } from '../../hotdesk/hotdesk.js'
import type { Party } from '../../sip/identity/party.js'
import { emergencyDigits } from '../../sip/uri/dialled.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import { type Call, reject } from '../call.js'
import type { Attempts } from '../dial/attempt.js'
import type { Dial } from '../dial/dial.js'
import type { UserBranches } from '../dial/user-branches.js'
import type { Termination } from '../failure.js'
import type { Decision, Dialler, Knowledge } from '../routing/contract.js'
import { decide } from '../routing/decide.js'
import { explainerWith } from '../routing/route-explainer.js'
import { shownDigits } from '../routing/shown-digits.js'
import { callingPhone } from '../routing/why-answer.js'
import { beginTestCall, type TestCall, type TestCallNeeds, type TestCallPlan, type TestCallState } from './test-call.js'

export interface TestCallRequest {
  /** A number, as it is dialled; or a phone, which is rung itself. */
  readonly target: string
  /** The phone that seems to call, or the extension of the user logged in there; null: any user who is logged in at the site. */
  readonly from: string | null
  readonly ringSeconds: number
  readonly talkSeconds: number
}

/** Calls by which an operator proves that calls work. */
export interface TestCalls {
  /** Returns the id of the call. @throws AppError COMMAND_REFUSED, UNKNOWN_CALLER */
  begin(request: TestCallRequest, by: string): Promise<string>
  /** Null: unknown, or long over. */
  look(call: string): TestCallState | null
}

export interface TestCallsNeeds extends TestCallNeeds {
  readonly directory: Directory
  readonly hotdesk: Pick<Hotdesk, 'callTestBegun' | 'callTestedBy' | 'isQuiet'>
  readonly knowledge: () => Knowledge
  readonly ways: TestWays
  readonly domain: string
  /** Whether the node takes ordinary calls. */
  readonly isOpen: () => boolean
}

interface TestWays {
  readonly dial: Dial
  readonly attempts: Pick<Attempts, 'fork'>
  readonly branches: Pick<UserBranches, 'toPhone'>
}

interface Kept {
  readonly call: TestCall
  endedAt: Milliseconds | null
}

/** How long the result of a test call can be asked for. */
const keptMs: Milliseconds = 60_000
/** Timer B (RFC 3261 §17.1.1.2). */
const silenceMs: Milliseconds = 32_000
/** Test calls in progress at this node. Each takes an RTP port. */
const mostAtOnce = 5

type Way = Pick<TestCallPlan, 'route' | 'run'> & { readonly party: Party; readonly shown: string }

export function createTestCalls(needs: TestCallsNeeds): TestCalls {
  const { directory, hotdesk, knowledge, domain, isOpen, clock } = needs
  const { dial, attempts, branches } = needs.ways
  const calls = new Map<string, Kept>()
  /** Calls that are being placed: they count before they can be looked at. */
  let beginning = 0

  /** A phone is rung directly, whether or not a user is logged in. */
  function toPhone(id: DeviceId, ringMs: Milliseconds): Way {
    if (!directory.device(id)) throw errors.COMMAND_REFUSED.testNoPhone({ device: id })
    if (hotdesk.isQuiet(id)) throw errors.COMMAND_REFUSED.testQuiet({ device: id })
    const { node, registrar } = knowledge()
    const bindings = registrar.bindingsOf(id).filter((binding) => binding.node === node)
    const [elsewhere] = registrar.bindingsOf(id)
    if (!elsewhere) throw errors.COMMAND_REFUSED.testUnregistered({ device: id })
    if (bindings.length === 0) throw errors.COMMAND_REFUSED.testElsewhere({ device: id, node: elsewhere.node })
    async function run(call: Call): Promise<Termination> {
      const plan = { ringMs, silenceMs, target: `phone ${id}` }
      const result = await attempts.fork(call, { ...plan, branches: bindings.map((binding) => branches.toPhone(call, binding)) })
      if (result.outcome === 'ended') return result.termination
      return reject(call, result.outcome === 'missed' ? result.failure : { reason: 'no-answer' })
    }
    return { route: `the phone ${id} itself, at ${node}`, run, party: testParty, shown: id }
  }

  /** By the rules and rights for a call of that phone. */
  function toNumber(digits: string, by: Dialler | null): Way {
    const known = knowledge()
    const decision = decide({ kind: 'dialled', digits, by }, known)
    refuseUnfit(decision, digits)
    const party = by?.user ? { ...testParty, name: by.user.name, number: by.user.extension } : testParty
    return {
      route: decision.steps.at(-1)?.words ?? '',
      run: (call) => dial(call, decision),
      party,
      shown: shownDigits(digits, known) ?? 'unknown',
    }
  }

  /** @throws AppError COMMAND_REFUSED */
  function refuseUnfit({ to }: Decision, digits: string): void {
    switch (to.kind) {
      case 'emergency':
        throw errors.COMMAND_REFUSED.testEmergency({ number: digits })
      case 'break-out':
        if (isEmergencyAnywhere(to.digits)) throw errors.COMMAND_REFUSED.testEmergency({ number: to.digits })
        return
      case 'login':
      case 'logout':
      case 'logout-everywhere':
      case 'feature':
        throw errors.COMMAND_REFUSED.testCode()
      default:
    }
  }

  /** Of any site: which list counts there is known for certain only to the site that is called. */
  function isEmergencyAnywhere(digits: string): boolean {
    const number = emergencyDigits(digits)
    return directory.sites().some(({ emergency }) => emergency.some((each) => number.endsWith(each) && number.length - each.length <= 2))
  }

  function callerNamed(from: string | null): Dialler | null {
    if (from === null) return null
    const explainer = explainerWith(knowledge())
    const device = callingPhone(from, { directory, explainer })
    if (!device) throw errors.UNKNOWN_CALLER.noPhone({ from })
    return explainer.diallerOn(device)
  }

  function keep(call: TestCall): void {
    const kept: Kept = { call, endedAt: null }
    calls.set(call.look().call, kept)
    void call.over.then(() => {
      kept.endedAt = clock.now()
    })
  }

  /** @throws AppError COMMAND_REFUSED */
  async function placed(plan: TestCallPlan): Promise<TestCall> {
    beginning += 1
    try {
      const call = await beginTestCall(plan, needs)
      if (!call) throw errors.COMMAND_REFUSED.testNoPort()
      keep(call)
      return call
    } finally {
      beginning -= 1
    }
  }

  /** How many are in progress. Forgets those that have long ended. */
  function inProgress(): number {
    for (const [id, { endedAt }] of calls) if (endedAt !== null && clock.now() - endedAt > keptMs) calls.delete(id)
    return beginning + [...calls.values()].filter(({ endedAt }) => endedAt === null).length
  }

  return {
    async begin({ target, from, ringSeconds, talkSeconds }, by) {
      if (!isOpen()) throw errors.COMMAND_REFUSED.testDraining({ node: knowledge().node })
      if (inProgress() >= mostAtOnce) throw errors.COMMAND_REFUSED.testMany({ count: mostAtOnce })
      const device = parseDeviceId(target)
      const caller = callerNamed(from)
      const { party, shown, ...way } = device ? toPhone(device, ringSeconds * 1_000) : toNumber(target, caller)
      const plan: TestCallPlan = {
        ...way,
        caller: { kind: 'own', purpose: 'test call', party },
        uri: sipUri({ user: target, host: domain }),
        ringMs: ringSeconds * 1_000,
        talkMs: talkSeconds * 1_000,
      }
      const call = await placed(plan)
      const test = { call: call.look().call, number: shown, from: caller?.device.id ?? null }
      hotdesk.callTestBegun(by, test)
      void call.over.then((outcome) => hotdesk.callTestedBy(by, { ...test, outcome }))
      return test.call
    },
    look: (id) => calls.get(id)?.call.look() ?? null,
  }
}

/** A caller that is neither a user nor a number: a trunk shows its own number. */
const testParty: Party = { name: 'Test call', number: 'test', isPrivate: false, isAsserted: true }
