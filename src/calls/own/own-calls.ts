import type { NodeName } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { CallKind } from '../../hotdesk/hotdesk.js'
import type { AudioSession, Clip } from '../../media/media.js'
import type { IncomingInvite } from '../../srf/srf.js'
import type { Call } from '../call.js'
import type { Termination } from '../failure.js'
import type { OwnCaller } from '../inbound/caller.js'
import type { RecordCall } from '../records/record-call.js'
import { createOwnLeg, type OwnLegEvents } from './own-leg.js'

/** What the node speaks with in calls of its own. */
export interface OwnVoice {
  /** Null if no port is free. */
  offerAudio(): Promise<AudioSession | null>
  /** A prompt, as it is spoken; tones if it is missing. Language null: that of the site. */
  clip(prompt: string, language: Language | null): Clip
  /** Null if there is no recording. */
  recording(prompt: string, language: Language | null): Clip | null
}

export interface OwnCallsNeeds {
  readonly voice: Pick<OwnVoice, 'offerAudio'>
  readonly newCall: (invite: IncomingInvite, caller: OwnCaller, kind: CallKind) => Call
  readonly record: RecordCall
  readonly node: NodeName
}

export interface OwnCallPlan {
  readonly caller: OwnCaller
  /** Request-URI, which names who is called in log and record. */
  readonly uri: string
  readonly events: OwnLegEvents
  /** Sends the call on its way. */
  readonly run: (call: Call) => Promise<Termination> | Termination
}

/** A call that the node makes itself. */
export interface OwnCall {
  readonly call: Call
  readonly session: AudioSession
  /** Gives up before the answer, hangs up after it. */
  end(): void
  /** When it has ended. */
  readonly over: Promise<Termination>
}

/** Makes a call with this node as the caller. It is carried and recorded like one that has arrived. Null: no port is free. */
export type PlaceOwnCall = (plan: OwnCallPlan) => Promise<OwnCall | null>

export function createOwnCalls({ voice, newCall, record, node }: OwnCallsNeeds): PlaceOwnCall {
  return async ({ caller, uri, events, run }) => {
    const session = await voice.offerAudio()
    if (!session) return null
    const leg = createOwnLeg({ session, uri, node, events })
    const call = newCall(leg.invite, caller, 'ordinary')
    let ended: Termination = { result: 'server', reason: 'fault' }
    const over = record(call, async () => {
      ended = await run(call)
      return ended
    }).then(() => {
      session.close()
      return ended
    })
    return { call, session, end: leg.end, over }
  }
}
