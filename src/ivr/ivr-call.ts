import { isAppError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { AudioSession, Key, Media, Unsuitable } from '../media/media.js'
import { dialogCapabilities, type IncomingInvite, type SipDialog, type SipHeaders } from '../srf/srf.js'
import { createInfoKeys } from './dtmf-info.js'
import { answerRequest } from './in-call-requests.js'

/** A call that we have answered, to speak with the caller. */
export interface IvrCall {
  readonly session: AudioSession
  /** Each press once, however it arrives. */
  onKey(listener: (key: Key) => void): void
  /** Once, when the call has ended, by whomever. */
  onEnd(listener: (by: 'caller' | 'us') => void): void
  /** Ends the call and its sound; does nothing when it has ended. */
  hangUp(headers?: SipHeaders): void
  /** When the call has ended and its BYE was answered. */
  readonly over: Promise<void>
}

export interface IvrCallNeeds {
  readonly invite: IncomingInvite
  readonly media: Media
  readonly log: Logger
}

/** Answers the call; null when it could not be, and then it has been refused or the caller is gone. */
export async function beginConversation(needs: IvrCallNeeds): Promise<IvrCall | null> {
  const { invite, log } = needs
  const opened = await openAudio(needs)
  if ('status' in opened) {
    log.warn({ event: 'call.refused', status: opened.status, reason: opened.reason }, `no sound is possible: ${opened.reason}`)
    invite.respond(opened.status, { headers: opened.headers })
    return null
  }
  try {
    const dialog = await invite.accept({ sdp: opened.localSdp, headers: dialogCapabilities })
    return converse(dialog, opened, needs)
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

/** An INVITE without an offer gets ours (RFC 3264 §4); the answer comes with the ACK. */
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

function converse(dialog: SipDialog, session: AudioSession, { invite }: IvrCallNeeds): IvrCall {
  const ends: ((by: 'caller' | 'us') => void)[] = []
  let ended: 'caller' | 'us' | null = null
  let finish: (ended: Promise<void>) => void = () => undefined
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })

  function end(by: 'caller' | 'us', farewell: Promise<void>): void {
    if (ended) return
    ended = by
    session.close()
    finish(farewell)
    for (const tell of ends.splice(0)) tell(by)
  }
  const hangUp = (headers?: SipHeaders): void => {
    if (!ended) end('us', dialog.bye(headers))
  }

  dialog.onEnd(() => end('caller', Promise.resolve()))
  const infoKeys = createInfoKeys()
  dialog.onRequest((request) => answerRequest(request, { session, infoKeys }))
  let awaitsAnswer = invite.body === ''
  dialog.onAck((sdp) => {
    if (sdp === '') return
    if (session.accept(sdp) === 'no-common-codec' && awaitsAnswer) hangUp({ Reason: 'SIP;cause=488;text="Not Acceptable Here"' })
    awaitsAnswer = false
  })
  return {
    session,
    onKey: (listener) => void session.onKeyPress(listener),
    onEnd: (listener) => (ended ? listener(ended) : void ends.push(listener)),
    hangUp,
    over,
  }
}
