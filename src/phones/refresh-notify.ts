import { messageOf } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { Directory } from '../directory/directory.js'
import { type Binding, reachOf } from '../registrar/registrar.js'
import { nameAddr, printNameAddr } from '../sip/headers/name-addr.js'
import { sipUri, withoutUriHeaders } from '../sip/uri/uri.js'
import type { SipApplication, SipReply } from '../srf/srf.js'
import { vendorOf } from './vendors.js'

/** What the answer to a NOTIFY tells. */
export type NotifyOutcome = 'confirmed' | 'refused' | 'silent' | 'failed'

export interface NotifyNeeds {
  readonly srf: SipApplication
  readonly directory: Directory
  /** The SIP domain: the phone's own address-of-record is in From and To. */
  readonly domain: string
  readonly log: Logger
}

/** Phones that know no check-sync answer one of these: it is a NOTIFY without a subscription to them (RFC 6665 §4.1.3), or unknown altogether. */
const refusals = new Set([400, 405, 481, 482, 489, 501])

/**
 * Required in each NOTIFY (RFC 6665 §8.2.1): Twinkle and baresip answer 400 without it. There is no subscription, so it is over and not worth
 * renewing (§4.1.3). FreeSWITCH sends its check-sync with the same value and Asterisk with `terminated`, so phones obey it.
 */
const subscriptionState = 'terminated;reason=noresource'

/**
 * Tells the phone to fetch its configuration, at each of its contacts through the flow it registered on; a challenge is answered with its
 * own credentials. A contact that the phone has left behind leads nowhere: the best answer counts, and a good one is not kept waiting by others.
 */
export async function notifyPhone(bindings: readonly Binding[], needs: NotifyNeeds): Promise<NotifyOutcome> {
  try {
    return await firstConfirmed(bindings.map((binding) => notifyContact(binding, needs)))
  } catch (fault) {
    needs.log.warn({ event: 'phone.refresh', device: bindings[0]?.device, cause: messageOf(fault) }, 'NOTIFY could not be sent')
    return 'failed'
  }
}

async function notifyContact(binding: Binding, { srf, directory, domain }: NotifyNeeds): Promise<NotifyOutcome> {
  const device = directory.device(binding.device)
  const aor = printNameAddr(nameAddr(sipUri({ user: binding.device, host: domain })))
  const { refreshEvent } = vendorOf(binding.userAgent, device?.model ?? null)
  const password = device?.password
  const { via, headers } = reachOf(binding)
  const answer = await srf.request('NOTIFY', withoutUriHeaders(binding.contact), {
    via,
    headers: { ...headers, From: aor, To: aor, Contact: `<sip:${domain}>`, Event: refreshEvent, 'Subscription-State': subscriptionState },
    ...(password ? { credentials: { username: binding.device, password } } : {}),
  })
  return outcomeOf(answer)
}

function outcomeOf({ status }: SipReply): NotifyOutcome {
  if (status >= 200 && status < 300) return 'confirmed'
  if (refusals.has(status)) return 'refused'
  return status === 408 ? 'silent' : 'failed'
}

const best: readonly NotifyOutcome[] = ['confirmed', 'refused', 'silent', 'failed']

function firstConfirmed(answers: readonly Promise<NotifyOutcome>[]): Promise<NotifyOutcome> {
  return new Promise((resolve, reject) => {
    for (const answer of answers) answer.then((outcome) => outcome === 'confirmed' && resolve(outcome), reject)
    Promise.all(answers).then((all) => resolve(best.find((outcome) => all.includes(outcome)) ?? 'failed'), reject)
  })
}
