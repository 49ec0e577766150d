import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import Srf from 'drachtio-srf'
import { expect } from 'vitest'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { type HeaderList, offer, type SipPeer } from './sip-peer.js'
import { openSipdStage, type SipdStage, type SipdStageOptions } from './sipd-stage.js'

/** What drachtio-srf has and its types do not show. */
export interface Srf5 {
  connect(options: object): void
  /** Waits for the server to connect. */
  listen(options: object): Server
  disconnect(): void
  on(event: string, listener: (...news: never[]) => void): void
  invite(handler: (req: Req, res: Res) => void): void
  register(handler: (req: Req, res: Res) => void): void
  subscribe(handler: (req: Req, res: Res) => void): void
  refer(handler: (req: Req, res: Res) => void): void
  createUAS(req: Req, res: Res, options: object): Promise<Dlg>
  createUAC(uri: string, options: object, callbacks?: object): Promise<Dlg>
  createB2BUA(req: Req, res: Res, uri: string, options?: object, callbacks?: object): Promise<{ uas: Dlg; uac: Dlg }>
  findDialogByCallIDAndFromTag(callId: string, fromTag: string): Dlg | undefined
  proxyRequest(req: Req, destinations: string | readonly string[], options: object): Promise<{ finalStatus: number }>
  request(uri: string, options: object): Promise<Req>
}
export interface Req {
  readonly body: string
  readonly uri: string
  readonly calledNumber: string
  getParsedHeader(name: string): { readonly params: Readonly<Record<string, string>> }
  get(name: string): string
  on(event: string, listener: (...news: never[]) => void): void
  cancel(options?: object): void
}
export interface Res {
  readonly status: number
  get(name: string): string
  send(status: number, options?: object, sent?: (fault: unknown) => void, acknowledged?: (ack: Req) => void): void
}
export interface Dlg {
  readonly id: string
  readonly connected: boolean
  readonly other: Dlg
  readonly remote: { readonly sdp: string }
  readonly local: { readonly sdp: string }
  getCountOfSubscriptions(): number
  on(event: string, listener: (...news: never[]) => void): void
  once(event: string, listener: (...news: never[]) => void): void
  destroy(options?: object): Promise<unknown>
  modify(sdp: string): Promise<string>
  request(options: object): Promise<Res>
  emit(event: string, ...news: unknown[]): boolean
}

/** An application on drachtio-srf, connected to a sipd. */
export interface SrfStage {
  readonly stage: SipdStage
  readonly srf: Srf5
  /** Calls in from a phone to what the application does with it. */
  callIn(phone: SipPeer, handle: (req: Req, res: Res) => unknown, invite?: CallIn): Promise<PlacedCall>
  /** Resolves when sipd has heard which methods the application wants. */
  routed(phone: SipPeer): Promise<void>
  close(): Promise<void>
}

const supported: HeaderList = [['Supported', '100rel']]

/** What of the INVITE is not as usual. */
export interface CallIn {
  readonly from?: string
  readonly headers?: HeaderList
  readonly body?: string
}

export interface PlacedCall {
  readonly invite: SipRequest
  /** What the application's handler has answered. */
  readonly handled: Promise<unknown>
}

export async function openSrfStage(options: SipdStageOptions = { t1: 100 }): Promise<SrfStage> {
  const stage = await openSipdStage(options)
  const srf = await connectSrf(stage)

  async function routed(phone: SipPeer): Promise<void> {
    const wire = await stage.application([])
    await wire.command('ping')
    await wire.close()
    expect(phone.untaken).toEqual([])
  }

  return {
    stage,
    srf,
    routed,
    async callIn(phone, handle, { headers = supported, body = offer, from } = {}) {
      const handled = new Promise<unknown>((resolve, reject) => {
        srf.invite((req, res) => {
          Promise.resolve(handle(req, res)).then(resolve, reject)
        })
      })
      await routed(phone)
      const invite = phone.request({ method: 'INVITE', body, headers })
      if (from !== undefined) invite.set('From', `${from};tag=${invite.from.tag}`)
      phone.send(invite)
      return { invite, handled }
    },
    async close() {
      srf.disconnect()
      await stage.close()
    },
  }
}

async function connectSrf({ sipd }: SipdStage): Promise<Srf5> {
  const srf = new Srf() as unknown as Srf5
  const connected = new Promise((resolve) => srf.on('connect', resolve))
  srf.connect({ host: '127.0.0.1', port: sipd.admin.port, secret: 'cymru' })
  await connected
  return srf
}

/** An application that a sipd connects to: it answers the calls it is given. */
export interface SrfListener {
  readonly port: number
  /** Its first call. */
  readonly answered: Promise<Dlg>
  close(): Promise<void>
}

export async function openSrfListener(secret = 'cymru'): Promise<SrfListener> {
  const srf = new Srf() as unknown as Srf5
  const server = srf.listen({ host: '127.0.0.1', port: 0, secret })
  const answered = new Promise<Dlg>((resolve, reject) => {
    srf.invite((req, res) => {
      res.send(180)
      void srf.createUAS(req, res, { localSdp: offer }).then(resolve, reject)
    })
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    answered,
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** The first time that event happens. */
export function happens(emitter: Pick<Dlg, 'once'>, event: string): Promise<unknown> {
  return new Promise((resolve) => emitter.once(event, resolve))
}
