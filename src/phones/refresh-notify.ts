import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Directory } from '../directory/directory.js'
import { refreshEventsOf } from '../phone-models/phone-models.js'
import { type Binding, reachOf } from '../registrar/registrar.js'
import { nameAddr, printNameAddr } from '../sip/headers/name-addr.js'
import { sipUri, withoutUriHeaders } from '../sip/uri/sip-uri.js'
import type { SipApplication, SipReply } from '../srf/srf.js'
import type { RefreshWay } from './refresh-runner.js'

/** The meaning of the response to a NOTIFY. */
export type NotifyOutcome = 'confirmed' | 'refused' | 'silent' | 'failed'

export interface NotifyNeeds {
  readonly srf: SipApplication
  readonly directory: Directory
  /** The SIP domain: the phone's own address-of-record is in From and To. */
  readonly domain: string
  readonly log: Logger
}

/**
 * Responses of phones without check-sync. To them it is a NOTIFY outside a subscription (RFC 6665 §4.1.3), or an unknown method or event.
 */
const refusals = new Set([400, 405, 481, 482, 489, 501])

/**
 * Required in each NOTIFY (RFC 6665 §8.2.1): Twinkle and baresip respond with 400 without it. The value says that there is no subscription and
 * that the phone must not renew it (§4.1.3). FreeSWITCH sends check-sync with the same value and Asterisk with `terminated`, so phones accept it.
 */
const subscriptionState = 'terminated;reason=noresource'

/**
 * Makes the phone fetch its configuration, or reboot and fetch it: sends NOTIFY to each of its contacts over the flow that it registered on, and answers a challenge
 * with the phone's own credentials. Some contacts may be dead, so the best response counts, and the first confirmation resolves at once.
 */
export async function notifyPhone(bindings: readonly Binding[], way: RefreshWay, needs: NotifyNeeds): Promise<NotifyOutcome> {
  try {
    return await firstConfirmed(bindings.map((binding) => notifyContact(binding, way, needs)))
  } catch (fault) {
    needs.log.warn({ event: 'phone.refresh', device: bindings[0]?.device, cause: messageOf(fault) }, 'NOTIFY could not be sent')
    return 'failed'
  }
}

async function notifyContact(binding: Binding, way: RefreshWay, { srf, directory, domain }: NotifyNeeds): Promise<NotifyOutcome> {
  const device = directory.device(binding.device)
  const aor = printNameAddr(nameAddr(sipUri({ user: binding.device, host: domain })))
  const Event = refreshEventsOf(binding.userAgent, device?.model ?? null)[way]
  const password = device?.password
  const { via, headers } = reachOf(binding)
  const response = await srf.request('NOTIFY', withoutUriHeaders(binding.contact), {
    via,
    headers: { ...headers, From: aor, To: aor, Contact: `<sip:${domain}>`, Event, 'Subscription-State': subscriptionState },
    ...(password ? { credentials: { username: binding.device, password } } : {}),
  })
  return outcomeOf(response)
}

function outcomeOf({ status }: SipReply): NotifyOutcome {
  if (status >= 200 && status < 300) return 'confirmed'
  if (refusals.has(status)) return 'refused'
  return status === 408 ? 'silent' : 'failed'
}

const best: readonly NotifyOutcome[] = ['confirmed', 'refused', 'silent', 'failed']

function firstConfirmed(outcomes: readonly Promise<NotifyOutcome>[]): Promise<NotifyOutcome> {
  return new Promise((resolve, reject) => {
    for (const each of outcomes) each.then((outcome) => outcome === 'confirmed' && resolve(outcome), reject)
    Promise.all(outcomes).then((all) => resolve(best.find((outcome) => all.includes(outcome)) ?? 'failed'), reject)
  })
}
