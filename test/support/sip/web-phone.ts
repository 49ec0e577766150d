import { type Invitation, Inviter, Registerer, RegistererState, type Session, SessionState, UserAgent } from 'sip.js'
import { WebSocket } from 'ws'
import type { Secret } from '../../../src/base/secret.js'
import type { AudioSession, Media } from '../../../src/media/media.js'
import { sampleAuthorities } from '../net/tls-sample.js'
import { createMailbox } from './mailbox.js'

/** A phone as a web page has it: sip.js over a WebSocket. Its sound is our own RTP, for there is no browser to make any. */
export interface WebPhone {
  readonly device: string
  /** Resolves with the status of the answer. */
  register(): Promise<number>
  /** Rejects with the status where nobody answers. */
  dial(number: string): Promise<WebCall>
  nextCall(): Promise<{ readonly from: string; answer(): Promise<WebCall>; reject(status: number): Promise<void> }>
  /** Ends the connection without a word, as a page that is closed. */
  vanish(): void
  close(): Promise<void>
}

export interface WebCall {
  readonly audio: AudioSession
  readonly ended: Promise<void>
  hangUp(): Promise<void>
}

export interface WebPhoneParts {
  readonly device: string
  readonly password: Secret
  /** `ws://127.0.0.1:8080` */
  readonly server: string
  readonly domain: string
  readonly media: Media
}

/** The one that sip.js finds: it believes our certificates, and a test can pull it out. */
class TestSocket extends WebSocket {
  static readonly open = new Set<TestSocket>()

  constructor(server: string, protocols: string) {
    super(server, protocols, { ca: sampleAuthorities })
    TestSocket.open.add(this)
    this.on('close', () => TestSocket.open.delete(this))
  }
}

export async function openWebPhone({ device, password, server, domain, media }: WebPhoneParts): Promise<WebPhone> {
  Object.assign(globalThis, { WebSocket: TestSocket })
  const uri = uriOf(`sip:${device}@${domain}`)
  const incoming = createMailbox<Invitation>((invitation) => invitation.remoteIdentity.uri.toString())
  const agent = new UserAgent({
    uri,
    authorizationUsername: device,
    authorizationPassword: password.reveal(),
    transportOptions: { server },
    logBuiltinEnabled: false,
    sessionDescriptionHandlerFactory: () => soundOf(media),
    delegate: { onInvite: (invitation) => incoming.put(invitation) },
  })
  const before = new Set(TestSocket.open)
  await agent.start()
  const socket = [...TestSocket.open].find((one) => !before.has(one))
  const registerer = new Registerer(agent, { expires: 300 })

  return {
    device,
    register: () =>
      new Promise((resolve, reject) => {
        const told = ({ message }: { message: { statusCode?: number | undefined } }): void => resolve(message.statusCode ?? 0)
        registerer.register({ requestDelegate: { onAccept: told, onReject: told } }).catch(reject)
      }),
    async dial(number) {
      const inviter = new Inviter(agent, uriOf(`sip:${number}@${domain}`))
      const refused = new Promise<never>((_, reject) => {
        inviter
          .invite({ requestDelegate: { onReject: ({ message }) => reject(new Error(String(message.statusCode))) } })
          .catch((fault: unknown) => reject(fault instanceof Error ? fault : new Error(String(fault))))
      })
      await Promise.race([reached(inviter, SessionState.Established), refused])
      return callOf(inviter)
    },
    async nextCall() {
      const invitation = await incoming.take('a call', () => true)
      return {
        from: invitation.remoteIdentity.uri.user ?? '',
        async answer() {
          const established = reached(invitation, SessionState.Established)
          await invitation.accept()
          await established
          return callOf(invitation)
        },
        reject: (statusCode) => invitation.reject({ statusCode }),
      }
    },
    vanish: () => socket?.terminate(),
    async close() {
      if (registerer.state !== RegistererState.Terminated) await registerer.dispose().catch(() => undefined)
      await agent.stop().catch(() => undefined)
    },
  }
}

function uriOf(text: string) {
  const uri = UserAgent.makeURI(text)
  if (!uri) throw new Error(`no URI: ${text}`)
  return uri
}

function reached(session: Session, wanted: SessionState): Promise<void> {
  return new Promise((resolve) => {
    const look = (state: SessionState): void => {
      if (state === wanted) resolve()
    }
    session.stateChange.addListener(look)
    look(session.state)
  })
}

function callOf(session: Session): WebCall {
  return {
    audio: (session.sessionDescriptionHandler as Sound).audio(),
    ended: reached(session, SessionState.Terminated),
    async hangUp() {
      const ended = reached(session, SessionState.Terminated)
      await session.bye()
      await ended
    },
  }
}

type Sound = ReturnType<typeof soundOf>

/** Where a page would ask the browser for a description. */
function soundOf(media: Media) {
  let session: AudioSession | null = null
  let isOffered = false
  return {
    audio(): AudioSession {
      if (!session) throw new Error('there is no sound yet')
      return session
    },
    close: () => session?.close(),
    async getDescription() {
      if (!session) {
        session = await media.offer()
        isOffered = true
      }
      return { body: session?.localSdp ?? '', contentType: 'application/sdp' }
    },
    hasDescription: (contentType: string) => contentType === 'application/sdp',
    async setDescription(sdp: string) {
      if (isOffered) {
        isOffered = false
        session?.accept(sdp)
      } else if (session) session.reanswer(sdp)
      else {
        const answered = await media.answer(sdp)
        if (answered.outcome === 'answered') session = answered.session
      }
    },
    sendDtmf: () => false,
  }
}
