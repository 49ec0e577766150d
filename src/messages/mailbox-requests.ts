import type { Extension } from '../base/identity.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import { parseNameAddr } from '../sip/headers/name-addr.js'
import { parseInteger } from '../sip/syntax/integer.js'
import type { OutgoingParts, SipApplication, SipReply } from '../srf/srf.js'
import type { Trunks } from '../trunks/trunks.js'

/** The dialog of a subscription, in which it is refreshed and ended. */
export interface MailboxDialog extends Pick<OutgoingParts, 'credentials'> {
  readonly id: string
  /** The remote target, of which the credentials are a proof. */
  readonly uri: string
  /** What the server has accepted to be asked for. */
  readonly seconds: number
}

/** What we ask for. The server may grant less, or want more (423). */
export const wantedSeconds = 3_600
/** The longest subscription that a server may want. */
const longestSeconds = 86_400

export interface MailboxRequestsNeeds {
  readonly srf: Pick<SipApplication, 'request'>
  readonly trunks: Pick<Trunks, 'outgoing'>
  readonly plan: LivePlan
}

/** The SUBSCRIBEs of a subscription to a mailbox (RFC 3842). */
export interface MailboxRequests {
  /** Begins a subscription. `dialog`: null if the server has not accepted it, or our SIP server keeps no dialog. Null: the plan has no voicemail. */
  begin(extension: Extension, callId: string): Promise<{ readonly reply: SipReply; readonly dialog: MailboxDialog | null } | null>
  /** RFC 6665 §4.1.2.2 */
  refresh(dialog: MailboxDialog): Promise<SipReply>
  /** RFC 6665 §4.1.2.3 */
  end(dialog: MailboxDialog): Promise<SipReply>
}

const event = { Event: 'message-summary', Accept: 'application/simple-message-summary' } as const

export function createMailboxRequests({ srf, trunks, plan }: MailboxRequestsNeeds): MailboxRequests {
  /** RFC 6665 §4.2.1.1: after a 423 a longer subscription is asked for, once. */
  async function longer<Result extends { readonly reply: SipReply }>(ask: (seconds: number) => Promise<Result>): Promise<Result> {
    const first = await ask(wantedSeconds)
    const { status, header } = first.reply
    const least = status === 423 ? parseInteger(header('Min-Expires').trim(), longestSeconds) : null
    return least !== null && least > wantedSeconds ? ask(least) : first
  }

  function inDialog({ id, uri, credentials }: MailboxDialog, seconds: number): Promise<SipReply> {
    const headers = { ...event, Expires: String(seconds) }
    return srf.request('SUBSCRIBE', uri, { headers, dialog: id, ...(credentials ? { credentials } : {}) })
  }

  return {
    async begin(extension, callId) {
      const server = plan.current.voicemail
      if (!server) return null
      const party = { name: '', number: extension, isPrivate: false, isAsserted: false }
      const { uri, parts } = trunks.outgoing(server.trunk, server.mailbox(extension), party, plan.current)
      const address = `<${uri.split(';', 1)[0] ?? uri}>`
      const { reply, seconds } = await longer(async (seconds) => {
        const headers = { From: address, To: address, 'Call-ID': callId, ...event, Expires: String(seconds) }
        return { reply: await srf.request('SUBSCRIBE', uri, { ...parts, headers }), seconds }
      })
      if (reply.dialog === undefined) return { reply, dialog: null }
      const target = parseNameAddr(reply.header('Contact'))?.uri ?? uri
      return { reply, dialog: { id: reply.dialog, uri: target, seconds, ...(parts.credentials ? { credentials: parts.credentials } : {}) } }
    },
    refresh: (dialog) => inDialog(dialog, dialog.seconds),
    end: (dialog) => inDialog(dialog, 0),
  }
}
