import { isAppError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { AudioSession, Key, Media, Unsuitable } from '../media/media.js'
import { dialogCapabilities, type IncomingInvite, type SipDialog, type SipHeaders } from '../srf/srf.js'
import { createInfoKeys } from './dtmf-info.js'
import { respondTo } from './in-call-requests.js'

/** A call that this node has answered itself. */
export interface IvrCall {
  readonly session: AudioSession
  readonly dialog: SipDialog
  /** The caller waits to be connected, and does not have to send audio meanwhile. */
  isWaiting: boolean
  /** The caller waits for help: the call is not ended when the node stops. */
  isUrgent: boolean
  /** Calls the listener once for each press. */
  onKey(listener: (key: Key) => void): void
  /** Calls the listener once, when either side has ended the call. */
  onEnd(listener: (by: 'caller' | 'us') => void): void
  /** Ends the call and its audio. Does nothing if the call has ended. */
  hangUp(headers?: SipHeaders): void
  /** Ends our part in the call and its audio: the dialog goes on with another part. */
  release(): void
  /** Resolves when the call has ended and our BYE, if any, has a response. */
  readonly over: Promise<void>
}

export interface IvrCallNeeds {
  readonly invite: IncomingInvite
  readonly media: Media
  readonly log: Logger
}

/** Answers the call. Null if it has been refused or the caller is gone. */
export async function answerCall(needs: IvrCallNeeds): Promise<IvrCall | null> {
  const { invite, log } = needs
  const opened = await openAudio(needs)
  if ('status' in opened) {
    log.warn({ event: 'call.refused', status: opened.status, reason: opened.reason }, `no audio is possible: ${opened.reason}`)
    invite.respond(opened.status, { headers: opened.headers })
    return null
  }
  try {
    const dialog = await invite.accept({ sdp: opened.localSdp, headers: dialogCapabilities })
    return ivrCall(dialog, opened, needs)
  } catch (fault) {
    opened.close()
    if (isAppError(fault, 'SIP_SEND_FAILED')) return null
    throw fault
  }
}

interface Refusal {
  readonly status: number
  readonly reason: string
  readonly headers: SipHeaders
}

const noPort: Refusal = { status: 503, reason: 'no-port', headers: { 'Retry-After': '10' } }

/** Answers the offer, or makes one if the INVITE has none (RFC 3264 §4); the answer then comes with the ACK. */
export async function openAudio({ invite, media }: IvrCallNeeds): Promise<AudioSession | Refusal> {
  if (invite.body === '') return (await media.offer(invite.source.address)) ?? noPort
  const answered = await media.answer(invite.body, invite.source.address)
  switch (answered.outcome) {
    case 'answered':
      return answered.session
    case 'no-port':
      return noPort
    case 'malformed':
      return { status: 400, reason: answered.outcome, headers: {} }
    default:
      return unsuitable(answered)
  }
}

/** RFC 3261 §20.43. */
const warnings: Readonly<Record<Unsuitable['outcome'], string>> = {
  'no-audio': '304 hotdesk "Media type not available"',
  'other-profile': '302 hotdesk "Incompatible transport protocol"',
  'other-family': '301 hotdesk "Incompatible network address formats"',
  'no-common-codec': '305 hotdesk "Incompatible media format"',
}

function unsuitable({ outcome, profiles }: Unsuitable): Refusal {
  const reason = outcome === 'other-profile' ? `profile ${profiles.join(', ')}` : outcome
  return { status: 488, reason, headers: { Warning: warnings[outcome] } }
}

function ivrCall(dialog: SipDialog, session: AudioSession, { invite }: IvrCallNeeds): IvrCall {
  const ends: ((by: 'caller' | 'us') => void)[] = []
  let ended: 'caller' | 'us' | null = null
  let finish: (bye: Promise<void>) => void = () => undefined
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })

  function end(by: 'caller' | 'us', bye: Promise<void>): void {
    if (ended) return
    ended = by
    session.close()
    finish(bye)
    for (const notify of ends.splice(0)) notify(by)
  }
  const hangUp = (headers?: SipHeaders): void => {
    if (!ended) end('us', dialog.bye(headers))
  }

  dialog.onEnd(() => end('caller', Promise.resolve()))
  const infoKeys = createInfoKeys()
  dialog.onRequest((request) => respondTo(request, { session, infoKeys }))
  let awaitsAnswer = invite.body === ''
  dialog.onAck((sdp) => {
    if (sdp === '' || ended) return
    if (session.accept(sdp) === 'no-common-codec' && awaitsAnswer) hangUp({ Reason: 'SIP;cause=488;text="Not Acceptable Here"' })
    awaitsAnswer = false
  })
  return {
    session,
    dialog,
    isWaiting: false,
    isUrgent: false,
    onKey: (listener) => void session.onKeyPress(listener),
    onEnd: (listener) => (ended ? listener(ended) : void ends.push(listener)),
    hangUp,
    release: () => end('us', Promise.resolve()),
    over,
  }
}
