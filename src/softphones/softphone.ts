import { type Clock, type Milliseconds, pause } from '../base/clock.js'
import { createEmitter } from '../base/emitter.js'
import { messageOf } from '../base/errors.js'
import type { Secret } from '../base/secret.js'
import type { AudioSession, Media } from '../media/media.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { sipUri } from '../sip/uri/sip-uri.js'
import { parseUri } from '../sip/uri/uri.js'
import type { IncomingInvite, OutgoingInvite, SipApplication, SipDialog, SipHeaders, SipReply } from '../srf/srf.js'

export interface PhoneParts {
  readonly device: string
  readonly password: Secret
  /** The node it registers at: `127.0.0.1:5060`. */
  readonly node: string
  readonly domain: string
}

export interface PhoneNeeds extends PhoneParts {
  readonly srf: SipApplication
  readonly media: Media
  readonly transport: string
  readonly clock: Clock
}

/** An established call. */
export interface PhoneCall {
  readonly dialog: SipDialog
  readonly audio: AudioSession
  readonly ended: Promise<void>
  /** Whether this many packets with sound arrive in time. */
  hears(packets: number, withinMs?: Milliseconds): Promise<boolean>
  hangUp(): Promise<void>
}

type Dialled =
  | { readonly outcome: 'answered'; readonly call: PhoneCall; readonly answer: SipReply }
  | { readonly outcome: 'failed'; readonly answer: SipReply }

export interface Dialling {
  /** Statuses of the provisional responses so far. */
  readonly heard: readonly number[]
  /** Resolves when the far end rings. */
  readonly ringing: Promise<void>
  readonly result: Promise<Dialled>
  cancel(): void
}

export interface Incoming {
  readonly callerName: string
  readonly callerNumber: string
  readonly invite: IncomingInvite
  /** Resolves when the caller gives up or another phone answers. */
  readonly cancelled: Promise<string>
  answer(): Promise<PhoneCall>
  reject(status: number): void
}

/** A phone that registers, dials, rings, answers and refreshes. */
export interface Phone {
  readonly device: string
  register(seconds?: number): Promise<SipReply>
  dial(number: string, headers?: SipHeaders): Promise<Dialling>
  /** The next call that arrives; the phone rings. */
  nextCall(): Promise<Incoming>
  /** The Event of the next NOTIFY, which makes the phone fetch its configuration. */
  nextNotify(): Promise<string>
  takeInvite(invite: IncomingInvite): void
  takeNotify(event: string): void
}

export function createPhone(needs: PhoneNeeds): Phone {
  const { device, domain, node, srf, media, transport, clock } = needs
  const own = `<sip:${device}@${domain}>`
  const parts = {
    via: `sip:${node};transport=${transport}`,
    credentials: { username: device, password: needs.password },
  }
  const contact = `<sip:${device}@localhost;transport=${transport}>`
  const incoming = createQueue<Incoming>()
  const notified = createQueue<string>()

  return {
    device,
    register(seconds = 300) {
      const headers = { From: own, To: own, Contact: contact, Expires: String(seconds), 'User-Agent': 'hotdesk demo phone' }
      return srf.request('REGISTER', `sip:${domain}`, { ...parts, headers })
    },
    async dial(number, more = {}) {
      const audio = await media.offer()
      if (!audio) throw new Error(`${device} has no free RTP port`)
      const uri = sipUri({ user: number, host: domain })
      const headers = { From: own, To: `<${uri}>`, Contact: contact, 'User-Agent': 'hotdesk demo phone', ...more }
      return toDialling(srf.invite(uri, audio.localSdp, { ...parts, headers }), audio, clock)
    },
    nextCall: incoming.next,
    nextNotify: notified.next,
    takeInvite(invite) {
      invite.respond(180)
      incoming.add(toIncoming(invite, media, clock))
    },
    takeNotify: notified.add,
  }
}

function toDialling(invite: OutgoingInvite, audio: AudioSession, clock: Clock): Dialling {
  const heard: number[] = []
  const ringing = new Promise<void>((resolve) => {
    invite.onProvisional(({ status }) => {
      heard.push(status)
      if (status > 100) resolve()
    })
  })
  return { heard, ringing, result: takeAnswer(invite, audio, clock), cancel: () => invite.cancel() }
}

async function takeAnswer(invite: OutgoingInvite, audio: AudioSession, clock: Clock): Promise<Dialled> {
  const result = await invite.result
  if (result.outcome === 'answered') {
    audio.accept(result.reply.body)
    return { outcome: 'answered', call: toCall(result.dialog, audio, clock), answer: result.reply }
  }
  audio.close()
  return { outcome: 'failed', answer: result.reply }
}

function toIncoming(invite: IncomingInvite, media: Media, clock: Clock): Incoming {
  const asserted = parseNameAddr(invite.header('P-Asserted-Identity') || invite.header('From'))
  const uri = parseUri(asserted?.uri ?? '')
  return {
    callerName: asserted?.display ?? '',
    callerNumber: uri?.kind === 'sip' ? (uri.user ?? '') : '',
    invite,
    cancelled: new Promise((resolve) => invite.onCancel(resolve)),
    async answer() {
      const audio = await audioFor(invite.body, media)
      return toCall(await invite.accept({ sdp: audio.localSdp }), audio, clock)
    },
    reject: (status) => invite.respond(status),
  }
}

/** An INVITE without an offer gets ours (RFC 3261 §13.3.1.4). */
async function audioFor(offer: string, media: Media): Promise<AudioSession> {
  const own = offer === '' ? await media.offer() : null
  if (own) return own
  const answered = await media.answer(offer)
  if (answered.outcome !== 'answered') throw new Error(`cannot answer: ${answered.outcome}`)
  return answered.session
}

function toCall(dialog: SipDialog, audio: AudioSession, clock: Clock): PhoneCall {
  const ended = new Promise<void>((resolve) => {
    dialog.onEnd(() => {
      audio.close()
      resolve()
    })
  })
  // The answer to our offer.
  dialog.onAck((sdp) => void (sdp === '' || audio.accept(sdp)))
  dialog.onRequest((request) => {
    const answer = request.method === 'INVITE' ? (request.body === '' ? audio.reoffer() : audio.reanswer(request.body)) : null
    if (answer === null) request.respond(request.method === 'INVITE' ? 488 : 200)
    else request.respond(200, { headers: { 'Content-Type': 'application/sdp' }, body: answer })
  })
  return {
    dialog,
    audio,
    ended,
    async hears(packets, withinMs = 8_000) {
      const before = audio.heard.audible
      const deadline = clock.now() + withinMs
      while (audio.heard.audible - before < packets) {
        if (clock.now() > deadline || dialog.ended) return false
        await pause(clock, 20)
      }
      return true
    },
    async hangUp() {
      await dialog.bye()
      audio.close()
    },
  }
}

/** Keeps items in order until they are taken. */
function createQueue<Item>() {
  const items: Item[] = []
  const arrived = createEmitter<[]>((fault) => {
    throw new Error(messageOf(fault))
  })
  return {
    add(item: Item) {
      items.push(item)
      arrived.emit()
    },
    next(): Promise<Item> {
      return new Promise((resolve) => {
        const take = (): boolean => {
          const item = items.shift()
          if (item === undefined) return false
          resolve(item)
          return true
        }
        if (take()) return
        const off = arrived.on(() => {
          if (take()) off()
        })
      })
    },
  }
}
