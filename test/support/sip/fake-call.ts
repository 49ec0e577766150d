import { errors } from '../../../src/base/errors.js'
import type { DialogEnd, IncomingInvite, IncomingRequest, ResponseParts, SipDialog, SipHeaders } from '../../../src/srf/srf.js'

export interface Response {
  readonly status: number
  readonly parts: ResponseParts
}

/** A caller, in place of the SIP side. */
export interface FakeCall {
  readonly invite: IncomingInvite
  /** What the INVITE was answered with, provisional ones included; 200 by `accept` too. */
  readonly responses: readonly Response[]
  /** The BYE that we sent, null before. */
  readonly bye: SipHeaders | null
  cancel(): void
  hangUp(): void
  /** The ACK's body. */
  ack(sdp: string): void
  /** An in-dialog request; answers what it was answered with. */
  request(method: string, parts?: { readonly type?: string; readonly body?: string }): Response | null
}

export interface FakeCallParts {
  readonly body?: string
  /** The caller is gone before the 200 arrives. */
  readonly lost?: 'caller gone'
}

export function createFakeCall({ body = 'an offer', lost }: FakeCallParts = {}): FakeCall {
  const responses: Response[] = []
  const onCancel: ((reason: string) => void)[] = []
  let cancelled = false
  let dialog: FakeDialog | null = null

  const base = fakeRequest({ method: 'INVITE', type: 'application/sdp', body }, responses)
  const invite: IncomingInvite = {
    ...base,
    get responded() {
      return base.responded
    },
    get cancelled() {
      return cancelled
    },
    respond: (status, parts) => void (cancelled || base.respond(status, parts)),
    onCancel: (listener) => void onCancel.push(listener),
    follow: () => undefined,
    answerChallenges: () => undefined,
    accept({ sdp, headers }) {
      if (lost || cancelled) return Promise.reject(errors.SIP_SEND_FAILED.unanswered({ reason: 'the caller is gone' }))
      responses.push({ status: 200, parts: { body: sdp, ...(headers ? { headers } : {}) } })
      dialog = createFakeDialog()
      return Promise.resolve(dialog.dialog)
    },
  }
  return {
    invite,
    responses,
    get bye() {
      return dialog?.bye ?? null
    },
    cancel() {
      cancelled = true
      for (const listener of onCancel) listener('')
    },
    hangUp: () => dialog?.hangUp(),
    ack: (sdp) => dialog?.ack(sdp),
    request: (method, { type = '', body: content = '' } = {}) => dialog?.request({ method, type, body: content }) ?? null,
  }
}

interface FakeDialog {
  readonly dialog: SipDialog
  readonly bye: SipHeaders | null
  hangUp(): void
  ack(sdp: string): void
  request(request: RequestText): Response | null
}

function createFakeDialog(): FakeDialog {
  const onEnd: ((end: DialogEnd) => void | Promise<void>)[] = []
  const onAck: ((sdp: string) => void | Promise<void>)[] = []
  let onRequest: (request: IncomingRequest) => void | Promise<void> = () => undefined
  let bye: SipHeaders | null = null
  let ended = false
  const unused = (): never => {
    throw new Error('nothing here sends a request in the dialog')
  }
  return {
    dialog: {
      callId: 'call@test',
      localTag: 'ours',
      remoteTag: 'theirs',
      began: null,
      createdBy: 'far end',
      description: '',
      continueSession: () => undefined,
      get ended() {
        return ended
      },
      onEnd: (listener) => void onEnd.push(listener),
      onRequest(listener) {
        onRequest = listener
      },
      onAck: (listener) => void onAck.push(listener),
      request: unused,
      reinvite: unused,
      bye(headers = {}) {
        if (!ended) bye = headers
        ended = true
        return Promise.resolve()
      },
    },
    get bye() {
      return bye
    },
    hangUp() {
      ended = true
      for (const listener of onEnd) void listener({ by: 'far end', reason: '' })
    },
    ack: (sdp) => {
      for (const listener of onAck) void listener(sdp)
    },
    request(text) {
      const responses: Response[] = []
      void onRequest(fakeRequest(text, responses))
      return responses[0] ?? null
    },
  }
}

interface RequestText {
  readonly method: string
  readonly type: string
  readonly body: string
}

function fakeRequest({ method, type, body }: RequestText, responses: Response[]): IncomingRequest {
  const isFinal = (): boolean => responses.some(({ status }) => status >= 200)
  return {
    method,
    uri: 'sip:*77*100*@hotdesk.example',
    callId: 'call@test',
    header: (name) => (name.toLowerCase() === 'content-type' && body !== '' ? type : ''),
    body,
    source: { protocol: 'udp', address: '192.0.2.1', port: 5060 },
    receivedOn: '192.0.2.10:5060',
    respond: (status, parts = {}) => void (isFinal() || responses.push({ status, parts })),
    get responded() {
      return isFinal()
    },
  }
}
