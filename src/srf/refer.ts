import { errors, messageOf } from '../base/errors.js'
import { dialogOptions } from './capabilities.js'
import type { FarEnd, IncomingRefer, IncomingRequest, ReferNotifier } from './contract.js'
import type { Drachtio, DrachtioDialog, DrachtioRequest } from './drachtio.js'
import { flattenHeaders } from './headers.js'
import type { Connection } from './link/connection.js'
import { localReply, toIncomingRequest, toReply } from './messages.js'

/** The events of drachtio-srf for requests in a dialog that only reports. Without a listener, it sends 200 to most of them. */
const unwanted = ['modify', 'refer', 'info', 'update', 'message', 'notify', 'options'] as const
/** `unsubscribe`: with `Expires: 0`; drachtio-srf has sent 202. */
const subscribing = ['subscribe', 'unsubscribe'] as const

export function toIncomingRefer(drachtio: Drachtio, connection: Connection, raw: DrachtioRequest): IncomingRefer {
  const request = toIncomingRequest(raw)
  return Object.assign(request, {
    accept: (farEnd: FarEnd | null, onSubscribe: (request: IncomingRequest) => void) =>
      new Promise<ReferNotifier>((resolve, reject) => {
        const fail = (why: string, fault?: unknown): void => reject(errors.SIP_SEND_FAILED.unanswered({ reason: why }, fault))
        const forget = connection.onLost(() => fail('SIP server lost'))
        // drachtio-srf sends 202 to any request but INVITE.
        drachtio.createUAS(raw, raw.res, { localSdp: '', headers: {} }, (fault, dialog) => {
          forget()
          if (fault) fail(messageOf(fault), fault)
          else {
            listen(dialog, connection, onSubscribe)
            resolve(notifierOf(dialog, connection, farEnd))
          }
        })
      }),
  })
}

function listen(dialog: DrachtioDialog, connection: Connection, onSubscribe: (request: IncomingRequest) => void): void {
  for (const event of unwanted) dialog.on(event, (raw: DrachtioRequest) => refuse(toIncomingRequest(raw)))
  for (const event of subscribing) {
    dialog.on(event, (raw: DrachtioRequest) => {
      const request = toIncomingRequest(raw)
      connection.guard(
        'SUBSCRIBE in the dialog of a REFER',
        () => onSubscribe(request),
        () => request.respond(500),
      )
    })
  }
}

/** RFC 7647 §4: another REFER is sent outside this dialog, which has no session either. */
function refuse(request: IncomingRequest): void {
  if (request.method === 'OPTIONS') request.respond(200, { headers: dialogOptions })
  // RFC 6665 §4.1.3: we have no subscription here.
  else request.respond(request.method === 'NOTIFY' ? 481 : 403)
}

function notifierOf(dialog: DrachtioDialog, connection: Connection, farEnd: FarEnd | null): ReferNotifier {
  const unfollow = farEnd && connection.follow(dialog.id, farEnd)
  const forget = connection.onLost(() => dialog.srf.removeDialog(dialog))
  return {
    notify: ({ headers, body }) =>
      connection.settle((done) => {
        dialog.request({ method: 'NOTIFY', headers: flattenHeaders(headers), body }, (fault, response) => {
          if (fault) done(localReply(481, messageOf(fault)))
          else if (response.status >= 200) done(toReply(response))
        })
      }),
    end() {
      forget()
      unfollow?.()
      dialog.srf.removeDialog(dialog)
    },
  }
}
