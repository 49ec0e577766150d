import { type Alarm, type Clock, every, type Milliseconds } from '../../base/clock.js'
import type { StreamQuality } from '../../media/media.js'
import type { Call } from '../call.js'
import type { Termination } from '../failure.js'
import type { OwnCaller } from '../inbound/caller.js'
import type { OwnCall, OwnVoice, PlaceOwnCall } from './own-calls.js'
import type { OwnLegEvents } from './own-leg.js'

/** A step of a test call, in plain words. */
export interface TestStep {
  readonly afterMs: Milliseconds
  readonly step: 'route' | 'ringing' | 'early-media' | 'answered' | 'refused' | 'gave-up' | 'ended'
  readonly words: string
}

/** `no-audio`: it was answered, but no audio has arrived. */
export type TestOutcome = 'passed' | 'no-audio' | 'failed'

export interface TestCallState {
  readonly call: string
  readonly steps: readonly TestStep[]
  readonly media: StreamQuality
  /** Null while it lasts. */
  readonly outcome: TestOutcome | null
}

export interface TestCallPlan {
  readonly caller: OwnCaller
  readonly uri: string
  /** Where the call goes, and why. */
  readonly route: string
  readonly run: (call: Call) => Promise<Termination> | Termination
  /** How long it may ring. */
  readonly ringMs: Milliseconds
  /** How long it lasts after the answer. */
  readonly talkMs: Milliseconds
}

export interface TestCallNeeds {
  readonly placeOwnCall: PlaceOwnCall
  readonly voice: Pick<OwnVoice, 'clip'>
  readonly clock: Clock
}

export interface TestCall {
  /** The state now. The call ends by itself if it is not asked about for a while. */
  look(): TestCallState
  readonly over: Promise<TestOutcome>
}

/** The call ends if no command has asked for its state for this long. */
const unwatchedMs: Milliseconds = 15_000

/** Null: no port is free. */
export async function beginTestCall(plan: TestCallPlan, { placeOwnCall, voice, clock }: TestCallNeeds): Promise<TestCall | null> {
  const began = clock.now()
  const steps: TestStep[] = [{ afterMs: 0, step: 'route', words: plan.route }]
  let looked = began
  let outcome: TestOutcome | null = null
  let answered: Milliseconds | null = null

  function note(step: TestStep['step'], words: string): void {
    steps.push({ afterMs: Math.round(clock.now() - began), step, words })
  }

  const events: OwnLegEvents = {
    onProgress({ status, sound }) {
      const step = sound ? 'early-media' : 'ringing'
      if (steps.at(-1)?.step !== step) note(step, sound ? `${status} with early media` : String(status))
    },
    onAnswer() {
      answered = clock.now()
      alarm.cancel()
      alarm = clock.after(plan.talkMs, () => own?.end())
      note('answered', answerWords(own?.call))
      own?.session.play([voice.clip('test-call', own?.call.progress.callee?.user?.language ?? null)])
    },
    onRefusal: ({ status, reason }) => note('refused', `${status} ${reason}`.trimEnd()),
    onEnd: () => undefined,
  }

  let own: OwnCall | null = null
  let alarm: Alarm = clock.after(plan.ringMs, () => {
    note('gave-up', `not answered within ${plan.ringMs / 1_000} s`)
    own?.end()
  })
  own = await placeOwnCall({ caller: plan.caller, uri: plan.uri, events, run: plan.run })
  if (!own) {
    alarm.cancel()
    return null
  }
  const { call, session, end } = own
  const watch = every(
    clock,
    unwatchedMs / 5,
    () => {
      if (clock.now() - looked > unwatchedMs) end()
    },
    () => undefined,
  )

  function judge(termination: Termination): TestOutcome {
    alarm.cancel()
    watch.cancel()
    note('ended', answered !== null && termination.reason === 'hung up by caller' ? 'the test hung up' : termination.reason)
    const worked = answered !== null && termination.result === 'success'
    outcome = !worked ? 'failed' : session.quality.received > 0 ? 'passed' : 'no-audio'
    return outcome
  }

  return {
    look() {
      looked = clock.now()
      return { call: call.id, steps: [...steps], media: session.quality, outcome }
    },
    over: own.over.then(judge),
  }
}

function answerWords(call: Call | undefined): string {
  if (!call) return ''
  const { reached, answeredBy } = call.progress
  return answeredBy === null || answeredBy === reached ? reached : `${reached} at ${answeredBy}`
}
