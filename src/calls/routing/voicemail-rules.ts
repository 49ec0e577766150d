import type { Trunk } from '../../dialplan/dialplan.js'
import type { User } from '../../directory/directory.js'
import { causeOf } from '../../sip/diversion/diversion-reason.js'
import { dialled } from '../../sip/uri/dialled.js'
import { parseUri } from '../../sip/uri/uri.js'
import { sameHost } from '../../sip/uri/uri-equality.js'
import type { RefusalReason } from '../failure.js'
import type { CallHistory, DestinationOf, Knowledge, QuestionOf, Ruling } from './contract.js'
import { after, isFirstNode, missedAs } from './forward-history.js'

/** The value of a forward that stands for the voicemail of the user. */
export const toVoicemail = 'voicemail'

/** A user without a forward for this case has voicemail, at their own address or at the server of the site. */
export function voicemail({ user, reason, history }: QuestionOf<'missed'>, knowledge: Knowledge): Ruling {
  const refused = { kind: 'refused', reason } as const
  const as = missedAs(user, reason)
  if (as === null || !isFirstNode(history)) return { words: 'voicemail does not take this call', to: refused }
  return voicemailOf(user, { otherwise: reason, history: after(history, user, { reason: as, isPrivate: false }) }, knowledge)
}

interface Message {
  /** The refusal that the caller gets if the server does not take the call. */
  readonly otherwise: RefusalReason
  /** With this forward. */
  readonly history: CallHistory
}

/** Where messages for the user are left: a number of the plan, or a mailbox of a voicemail server. */
export function voicemailOf(user: User, message: Message, knowledge: Knowledge): Ruling {
  const { otherwise: reason, history } = message
  const own = user.voicemail
  const none = (words: string): Ruling => ({ words, to: { kind: 'refused', reason } })
  if (own === 'none') return none(`${user.name} has no voicemail`)
  if (own !== null && !own.includes(':'))
    return { words: `messages for ${user.name} are left at ${own}`, ask: { kind: 'forwarded', user, number: own, history } }
  const server = own === null ? siteServer(user, knowledge) : ownServer(own, user, knowledge)
  if (!server)
    return none(own === null ? `${knowledge.dialplan.site} has no voicemail` : `no trunk of ${knowledge.dialplan.site} leads to ${own}`)
  const cause = causeOf(history.diversions.at(-1)?.reason ?? 'unknown')
  return {
    words: `messages for ${user.name} are left in mailbox ${server.mailbox} over ${server.trunk.name}`,
    to: { kind: 'voicemail', ...server, cause, otherwise: reason, diversions: history.diversions },
  }
}

interface Server extends Pick<DestinationOf<'voicemail'>, 'outside'> {
  readonly trunk: Trunk
  readonly number: string
  readonly mailbox: string
}

function siteServer({ extension }: User, { dialplan: { voicemail: site } }: Knowledge): Server | null {
  return site && { trunk: site.trunk, number: site.number(extension), mailbox: site.mailbox(extension), outside: null }
}

/** Credentials and addresses are those of a trunk: the one with the host of the URI, else that of the site's voicemail. */
function ownServer(uri: string, user: User, { dialplan }: Knowledge): Server | null {
  const trunk = dialplan.trunks.find((each) => isSameHost(each.uri, uri)) ?? dialplan.voicemail?.trunk
  if (!trunk) return null
  const { numbers, voicemail, emergencyTrunks } = dialplan
  const number = dialled(uri)
  // A trunk that takes other calls as well is a carrier, where any number may be called.
  const isCarrier = emergencyTrunks.includes(trunk) && number !== voicemail?.number(user.extension)
  const outside = isCarrier ? { number, e164: numbers.e164(number), numberClass: numbers.classOf(number) } : null
  return { trunk, number, mailbox: voicemail?.mailbox(user.extension) ?? user.extension, outside }
}

function isSameHost(one: string, other: string): boolean {
  const [a, b] = [parseUri(one), parseUri(other)]
  return a?.kind === 'sip' && b?.kind === 'sip' && sameHost(a.host, b.host)
}
