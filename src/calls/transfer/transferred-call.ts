import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { nameAddr, printNameAddr } from '../../sip/headers/name-addr.js'
import { sipUri } from '../../sip/uri/sip-uri.js'
import { callCapabilities, type IncomingInvite } from '../../srf/srf.js'
import { type Call, createCall } from '../call.js'
import type { Dialler, Knowledge } from '../routing/contract.js'
import type { Participant } from './participant.js'

export interface TransferredCallParts {
  /** The call that it continues. */
  readonly before: Call
  /** Who was transferred, and the INVITE that stands for them. */
  readonly from: Participant
  readonly invite: IncomingInvite
  readonly by: Dialler
  readonly knowledge: Knowledge
}

export interface TransferredCallNeeds {
  readonly domain: string
  readonly clock: Clock
  readonly log: Logger
}

/** The call of the end that was transferred. The other side sees that end, and who has transferred it (RFC 3892). */
export function newTransferredCall(parts: TransferredCallParts, { domain, clock, log: parent }: TransferredCallNeeds): Call {
  const { before, from, invite, by, knowledge } = parts
  const id = crypto.randomUUID().slice(0, 8)
  const log = parent.child({ call: id, legA: invite.callId })
  const { caller, party } = from
  log.info({ event: 'call.arrived', from: 'transfer', caller: party.number, transferOf: before.id }, `transferred call of ${party.number}`)
  return createCall({
    id,
    kind: 'ordinary',
    invite,
    caller,
    party,
    knowledge,
    log,
    offer: '',
    headers: {
      ...callCapabilities,
      'Max-Forwards': String(hopsLeft(before)),
      'Referred-By': printNameAddr(nameAddr(sipUri({ user: by.user?.extension ?? by.device.id, host: domain }))),
    },
    clock,
    transfer: { of: before.id, by, whom: from.callee },
  })
}

/** Every transfer counts as a hop, so that phones that transfer to each other by themselves come to an end (RFC 7332 §5). */
export function hopsLeft({ headers }: Pick<Call, 'headers'>): number {
  return Number(headers['Max-Forwards']) - 1
}
