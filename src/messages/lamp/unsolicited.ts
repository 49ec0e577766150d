import type { DeviceId } from '../../base/identity.js'
import type { Directory } from '../../directory/directory.js'
import { type Binding, reachOf } from '../../registrar/registrar.js'
import { nameAddr, printNameAddr } from '../../sip/headers/name-addr.js'
import { sipUri, withoutUriHeaders } from '../../sip/uri/sip-uri.js'
import type { SipApplication, SipReply, SubscriptionDialog } from '../../srf/srf.js'

export interface UnsolicitedNeeds {
  readonly srf: Pick<SipApplication, 'request'>
  readonly directory: Pick<Directory, 'device'>
  /** The bindings of this phone at this node. */
  readonly bindingsHere: (device: DeviceId) => readonly Binding[]
  /** The SIP domain. */
  readonly domain: string
}

/** A phone that is silent this often in a row is left alone until it registers anew. */
const mostSilent = 2

/**
 * NOTIFYs outside a subscription, which most phones accept (RFC 3842 §3.9 has only subscriptions; Asterisk and FreeSWITCH send these). The phone's
 * own refusal ends them, as it would end a subscription.
 */
export function unsolicitedTo(device: DeviceId, needs: UnsolicitedNeeds): Pick<SubscriptionDialog, 'notify' | 'end'> {
  let silent = 0
  return {
    async notify({ headers, body }) {
      const replies = await Promise.all(needs.bindingsHere(device).map((binding) => send(binding, { headers, body }, needs)))
      const best = replies.toSorted((one, other) => rankOf(one) - rankOf(other))[0] ?? { ...nowhere }
      silent = best.status === 408 ? silent + 1 : 0
      // The phone may only be starting.
      if (best.status === 408 && silent < mostSilent) return { ...best, status: 504 }
      // To a phone without subscriptions this NOTIFY is malformed (400).
      return best.status === 400 ? { ...best, status: 489 } : best
    },
    end: () => undefined,
  }
}

function send(
  binding: Binding,
  { headers, body }: Parameters<SubscriptionDialog['notify']>[0],
  { srf, directory, domain }: UnsolicitedNeeds,
): Promise<SipReply> {
  const aor = printNameAddr(nameAddr(sipUri({ user: binding.device, host: domain })))
  const password = directory.device(binding.device)?.password
  const { via, headers: route } = reachOf(binding)
  // Asterisk's form. Without Subscription-State the NOTIFY is malformed (RFC 6665 §8.2.1).
  const about = { From: aor, To: aor, Contact: `<sip:${domain}>`, Event: 'message-summary', 'Subscription-State': 'active' }
  return srf.request('NOTIFY', withoutUriHeaders(binding.contact), {
    via,
    headers: { ...headers, ...route, ...about },
    body,
    ...(password ? { credentials: { username: binding.device, password } } : {}),
  })
}

/** Confirmed by any contact, else refused, else anything else. */
function rankOf({ status }: SipReply): number {
  if (status >= 200 && status < 300) return 0
  return status === 408 ? 2 : 1
}

/** The phone is registered nowhere here: another node, or its next registration, gives it the state. */
const nowhere: SipReply = { status: 404, reason: 'Not Registered Here', header: () => '', body: '', madeHere: 'link' }
