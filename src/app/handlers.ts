import type { Clock, Milliseconds } from '../base/clock.js'
import { isAppError } from '../base/errors.js'
import { parseDeviceId, parseSiteName } from '../base/identity.js'
import type { Seal } from '../base/seal.js'
import type { Calls, CallView, TestCallState } from '../calls/calls.js'
import type { Config } from '../config/config.js'
import type { Frozen, Handlers, Reply } from '../control/control.js'
import type { Dialplan, LivePlan } from '../dialplan/dialplan.js'
import type { NetworkClock } from '../store/store.js'
import type { Trunks } from '../trunks/trunks.js'
import type { LiveSettings } from './live-settings.js'
import type { DrainState, Operations } from './operations.js'
import type { Reading, Reload } from './reload.js'

export interface HandlerNeeds {
  readonly plan: LivePlan
  readonly settings: LiveSettings
  readonly read: () => Reading
  readonly trunks: Pick<Trunks, 'states'>
  readonly reload: Reload
  readonly calls: Pick<Calls, 'deliverNotice' | 'announceToDesk' | 'why' | 'list' | 'testCalls'>
  readonly operations: Omit<Operations, 'close' | 'movesPhones'>
  readonly trace: Pick<Handlers, 'trace' | 'traced'>
  readonly seal: Seal
  readonly clock: Clock
  readonly networkClock: NetworkClock
}

/** Answers what commands ask this node. */
export function createHandlers({
  plan,
  settings,
  read,
  trunks,
  reload,
  calls,
  operations,
  trace,
  seal,
  clock,
  networkClock,
}: HandlerNeeds): Handlers {
  const moment = (ms: Milliseconds): string => new Date(ms + networkClock.aheadMs).toISOString()
  let loaded = clock.now()
  plan.onChange(() => {
    loaded = clock.now()
  })

  function planNow(): Frozen<Reply<'plan'>> {
    const { site, fingerprint, codes, elin, trunks: all } = plan.current
    const names = all.map(({ name }) => name)
    const about = { site, file: settings.current.dialplan, fingerprint, ...codes, elin, trunks: names }
    return { ...about, loaded: moment(loaded), problems: problemsOf(read, plan.current, settings.current) }
  }

  return {
    plan: planNow,
    why(question) {
      const { subject: shown, ...answer } = calls.why({ ...question, subject: seal.open(question.subject, 'hotdesk why').reveal() })
      return { shown, ...answer, plan: planNow() }
    },
    breakOutCodes: ({ wanted }) => ({
      codes: wanted.map(({ site, digits }) => {
        const named = parseSiteName(site)
        return named && plan.current.breakOutCode(named, digits)
      }),
    }),
    trunks: () => ({
      trunks: trunks.states().map(({ name, state, since, retry, trouble, registered, calls }) => ({
        name,
        state,
        trouble,
        registered,
        calls,
        since: since === null ? null : moment(since),
        retry: retry === null ? null : moment(retry),
      })),
    }),
    notice: async ({ devices, text }) => ({
      reached: await calls.deliverNotice(
        devices.flatMap((id) => parseDeviceId(id) ?? []),
        text,
      ),
    }),
    announce: async ({ devices, words }) => ({
      heard: await calls.announceToDesk(
        devices.flatMap((id) => parseDeviceId(id) ?? []),
        words,
      ),
    }),
    calls: () => ({ calls: calls.list().map((call) => callReply(call, moment)) }),
    drain({ stay, phoneSeconds }, by) {
      operations.drain({ end: stay ? 'stay' : 'end', phoneMs: phoneSeconds * 1_000 }, by)
      return drainReply(operations.drainState)
    },
    undrain(_, by) {
      const wasDraining = operations.undrain(by)
      return { ...drainReply(operations.drainState), wasDraining }
    },
    draining: () => drainReply(operations.drainState),
    hangup: ({ call }, by) => ({ outcome: operations.hangUp(call, by) }),
    async testCall({ target, ...request }, by) {
      return { call: await calls.testCalls.begin({ ...request, target: seal.open(target, 'hotdesk test-call').reveal() }, by) }
    },
    testCallState: ({ call }) => ({ state: testReply(calls.testCalls.look(call)) }),
    reload: (_, by) => reload(by),
    trace: trace.trace,
    traced: trace.traced,
  }
}

function drainReply({ draining, calls, emergencies, dialogues, phones, moved, sisters }: DrainState) {
  return { draining, calls, emergencies, dialogues, phones, moved, sisters }
}

function callReply(view: CallView, moment: (ms: Milliseconds) => string) {
  const { id, kind, caller, dialled, from, to, phones, state, began, legA, legB, answeredBy, transferOf } = view
  const legs = view.legs.map(({ callId, peer }) => ({ callId, peer }))
  return { id, kind, caller, dialled, from, to, phones, state, since: moment(began), legA, legB, answeredBy, legs, transferOf }
}

function testReply(state: TestCallState | null): Frozen<Reply<'testCallState'>>['state'] {
  if (!state) return null
  const { codec, sent, received, lost, jitterMs, reported } = state.media
  const steps = state.steps.map(({ afterMs, step, words }) => ({ afterMs, step, words }))
  const there = reported && { lost: reported.lost, jitterMs: reported.jitterMs }
  return { call: state.call, steps, media: { codec, sent, received, lost, jitterMs, reported: there }, outcome: state.outcome }
}

/** How the files on the disk differ from what is in force. */
function problemsOf(read: () => Reading, current: Dialplan, { node }: Pick<Config, 'node'>): readonly string[] {
  try {
    const { fingerprint } = read().dialplan
    return fingerprint === current.fingerprint ? [] : [`its file has changed since; \`hotdesk reload --node ${node}\` loads it`]
  } catch (fault) {
    if (!isAppError(fault)) throw fault
    return [`its file has changed since and cannot be loaded: ${fault.says}`]
  }
}
