import type { Clip } from '../media/media.js'
import { type Tone, toneClip } from '../media/sound/clip.js'
import type { SipDialog, SipHeaders } from '../srf/srf.js'
import type { IvrCall } from './ivr-call.js'
import type { Prompts } from './prompts.js'

/** A caller whom this node has answered, and who waits to be connected. */
export interface HeldCaller {
  readonly dialog: SipDialog
  /** Calls the listener once, when the call has ended or is another part's. */
  onEnd(listener: () => void): void
  /** Plays the ringing tone from now on. */
  ring(): void
  /** Plays a prompt, then a tone now and then, so that the caller knows that the call is up. */
  wait(prompt: string): void
  /** Plays a prompt to its end. */
  say(prompt: string): Promise<void>
  /** Ends the call, after the busy tone if no prompt has said why. */
  refuse(headers: SipHeaders): Promise<void>
  hangUp(headers: SipHeaders): void
  /** The phone sends its audio elsewhere now, and the dialog is another part's. */
  release(): void
}

/** Tones of ETSI TR 101 041: 425 Hz, ringing for 1 s of 5 s, busy for half of each second. */
const ringing: Clip = toneClip('ringing', [tone(1_000), silence(4_000)])
const busy: Clip = toneClip('busy', [tone(500), silence(500)])

const waiting: Clip = toneClip('waiting', [silence(9_800), tone(200)])
/** As long as a call may be parked. */
const waits = 360

/** Longer than anything rings. */
const rings = 60
const busyTones = 4

export function holdCaller(call: IvrCall, prompts: Pick<Prompts, 'announcement'>): HeldCaller {
  const { session } = call
  let isReasonHeard = false
  call.isWaiting = true
  return {
    dialog: call.dialog,
    onEnd: (listener) => call.onEnd(listener),
    ring: () => void session.play(Array.from({ length: rings }, () => ringing)),
    wait: (prompt) => void session.play([prompts.announcement(prompt), ...Array.from({ length: waits }, () => waiting)]),
    async say(prompt) {
      isReasonHeard = true
      await session.play([prompts.announcement(prompt)]).finished
    },
    async refuse(headers) {
      if (!isReasonHeard) await session.play(Array.from({ length: busyTones }, () => busy)).finished
      call.hangUp(headers)
    },
    hangUp: call.hangUp,
    release: call.release,
  }
}

function tone(ms: number): Tone {
  return { hertz: [425], ms }
}

function silence(ms: number): Tone {
  return { hertz: [], ms }
}
