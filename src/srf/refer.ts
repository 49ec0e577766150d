import { errors, messageOf } from '../base/errors.js'
import type { FarEnd, IncomingRefer, ReferNotifier } from './contract.js'
import type { Drachtio, DrachtioDialog, DrachtioRequest } from './drachtio.js'
import { flattenHeaders } from './headers.js'
import type { Connection } from './link/connection.js'
import { localReply, toIncomingRequest, toReply } from './messages.js'

export function toIncomingRefer(drachtio: Drachtio, connection: Connection, raw: DrachtioRequest): IncomingRefer {
  const request = toIncomingRequest(raw)
  return {
    method: request.method,
    uri: request.uri,
    callId: request.callId,
    header: request.header,
    body: request.body,
    source: request.source,
    receivedOn: request.receivedOn,
    respond: request.respond,
    get responded() {
      return request.responded
    },
    accept: (farEnd) =>
      new Promise((resolve, reject) => {
        const fail = (why: string, fault?: unknown): void => reject(errors.SIP_SEND_FAILED.unanswered({ reason: why }, fault))
        const forget = connection.onLost(() => fail('SIP server lost'))
        // drachtio-srf sends 202 to any request but INVITE.
        drachtio.createUAS(raw, raw.res, { localSdp: '', headers: {} }, (fault, dialog) => {
          forget()
          if (fault) fail(messageOf(fault), fault)
          else resolve(notifierOf(dialog, connection, farEnd))
        })
      }),
  }
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
