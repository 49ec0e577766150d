import { systemClock } from '../../../src/base/clock.js'
import type { ListenAddress } from '../../../src/base/listen-address.js'
import { silentLogger } from '../../../src/base/logger.js'
import { newCallId, newTag } from '../../../src/sip/ids.js'
import { createRequest } from '../../../src/sip/message/builder.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { createTransactionLayer, type TransactionLayerNeeds } from '../../../src/sipd/transaction/open-transaction-layer.js'
import type { ClientUser, Flow } from '../../../src/sipd/transaction/transaction-layer.js'
import { defaults } from '../node/default-settings.js'

/** A transaction layer on loopback, with chosen ports and RFC timers unless the test says otherwise. */
export function openLayer(needs: Partial<TransactionLayerNeeds> = {}): ReturnType<typeof createTransactionLayer> {
  const listen: readonly ListenAddress[] = [{ protocol: 'udp', address: '127.0.0.1', port: 0 }]
  return createTransactionLayer({ listen, advertise: null, timers: defaults.sip.timers, clock: systemClock, log: silentLogger(), ...needs })
}

export interface RequestOptions {
  readonly callId?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly body?: Buffer
}

/** A request outside a dialog, complete but for the Via. */
export function aRequest(method: string, uri: string, { callId = newCallId(), headers = [], body }: RequestOptions = {}): SipRequest {
  return createRequest({
    method,
    uri,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<sip:caller@test.invalid>;tag=${newTag()}`],
      ['To', `<${uri}>`],
      ['Call-ID', callId],
      ['CSeq', `1 ${method}`],
      ['Contact', '<sip:caller@127.0.0.1>'],
      ...headers,
    ],
    ...(body && { body }),
  })
}

/** A user of a client transaction that writes down what it hears. */
export interface Diary extends ClientUser {
  readonly heard: readonly string[]
  readonly responses: readonly SipResponse[]
  readonly sent: readonly { readonly bytes: Buffer; readonly flow: Flow }[]
  /** Resolves as soon as that has been heard: a status as text, `timeout`, `failure`, `sent`. */
  hears(what: string): Promise<void>
}

export function createDiary(): Diary {
  const heard: string[] = []
  const responses: SipResponse[] = []
  const sent: { bytes: Buffer; flow: Flow }[] = []
  const waiting = new Set<() => void>()
  function note(what: string): void {
    heard.push(what)
    for (const look of waiting) look()
  }
  return {
    heard,
    responses,
    sent,
    onSent(bytes, flow) {
      sent.push({ bytes, flow })
      note('sent')
    },
    onResponse(response) {
      responses.push(response)
      note(String(response.status))
    },
    onTimeout: () => note('timeout'),
    onTransportFailure: () => note('failure'),
    hears: (what) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!heard.includes(what)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}
