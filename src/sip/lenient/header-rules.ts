import { parseCSeq } from '../headers/cseq.js'
import { parseDate } from '../headers/date.js'
import {
  hasUriParameters,
  parseExactAddress,
  parseNameAddr,
  parseTo,
  printNameAddr,
  readOddAddress,
  withUriParameters,
} from '../headers/name-addr.js'
import { parseSessionExpires } from '../headers/session-expires.js'
import { parseVia, printVia, readOddVia } from '../headers/via.js'
import { endOfToken, slash } from '../syntax/characters.js'
import { maxDeltaSeconds, parseInteger } from '../syntax/integer.js'
import { splitList } from '../syntax/list.js'

/**
 * What a message is to its receiver. `opening`: a request outside a dialog. `following`: one in a dialog, or that belongs to another request;
 * its tags say what it is about. `response`: the top Via, CSeq and the tag of To say that.
 */
export type MessageKind = 'opening' | 'following' | 'response'

/** The message that a value stands in. */
interface Reading {
  readonly kind: MessageKind
  readonly method: string
  /** No field of the name stands before it. */
  readonly isFirst: boolean
}

/** What is read in a header. */
export interface Rule {
  /** As people write it. */
  readonly name: string
  /** It stands once (RFC 3261 §7.3.1). */
  readonly isSingle: boolean
  /** Where the message means nothing without it: malformed, it is answered 400, and a response is dropped. Elsewhere it is left out. */
  readonly essentialFor: readonly (MessageKind | 'REGISTER')[]
  /** Where it must be there. */
  readonly requiredFor: readonly MessageKind[]
  /** The value as it is understood, the same text where it is of the form; null where it cannot be. */
  readonly understood: (value: string, reading: Reading) => string | null
  /** What stands for it in an emergency call, which is refused for nothing; absent: nothing can. */
  readonly substitute?: string
}

const always: readonly MessageKind[] = ['opening', 'following', 'response']
const never: readonly MessageKind[] = []

const anonymous = '<sip:anonymous@anonymous.invalid>'

/** Every header that the SIP server or the application reads by a grammar. Every other one passes as it is. */
export const rules: ReadonlyMap<string, Rule> = new Map(
  (
    [
      { name: 'Via', isSingle: false, essentialFor: always, requiredFor: always, understood: understoodVia },
      { name: 'From', isSingle: true, essentialFor: always, requiredFor: always, understood: understoodParty, substitute: anonymous },
      { name: 'To', isSingle: true, essentialFor: always, requiredFor: always, understood: understoodParty, substitute: anonymous },
      { name: 'Call-ID', isSingle: true, essentialFor: always, requiredFor: always, understood: when(isCallId) },
      { name: 'CSeq', isSingle: true, essentialFor: always, requiredFor: always, understood: when((value) => parseCSeq(value) !== null) },
      { name: 'Content-Length', isSingle: true, essentialFor: never, requiredFor: never, understood: when(isNumber) },
      { name: 'Contact', isSingle: false, essentialFor: ['REGISTER'], requiredFor: never, understood: understoodContact },
      {
        name: 'Record-Route',
        isSingle: false,
        essentialFor: ['opening'],
        requiredFor: never,
        understood: understoodRoutes,
        substitute: '',
      },
      ...['Max-Forwards', 'Expires', 'Min-Expires', 'Min-SE', 'RSeq'].map((name) => optional(name, when(isNumber))),
      optional('Content-Type', when(isMediaType)),
      optional(
        'Date',
        when((value) => parseDate(value) !== null),
      ),
      optional(
        'Session-Expires',
        when((value) => parseSessionExpires(value) !== null),
      ),
      optional(
        'Retry-After',
        when((value) => /^\d{1,10}(?!\d)/.test(value)),
      ),
      ...['User-Agent', 'Server', 'Subject', 'Organization', 'Priority', 'Event', 'Subscription-State', 'Content-Disposition'].map((name) =>
        optional(name, opaque),
      ),
      ...['Refer-To', 'Referred-By', 'Reply-To', 'Replaces', 'RAck', 'MIME-Version', 'Timestamp'].map((name) => optional(name, opaque)),
    ] satisfies Rule[]
  ).map((rule) => [rule.name.toLowerCase(), rule]),
)

function optional(name: string, understood: Rule['understood']): Rule {
  return { name, isSingle: true, essentialFor: never, requiredFor: never, understood }
}

/** Only that it stands once matters. */
export function opaque(value: string): string {
  return value
}

function when(isGood: (value: string) => boolean): Rule['understood'] {
  return (value) => (isGood(value) ? value : null)
}

/** Some of them may have parameters (RFC 4028 §5). */
function isNumber(value: string): boolean {
  if (parseInteger(value, maxDeltaSeconds) !== null) return true
  const [number = '', ...parameters] = value.split(';')
  return parameters.length > 0 && parseInteger(number.trimEnd(), maxDeltaSeconds) !== null
}

/** RFC 3261 §20.8 wants a word, or two with `@` between. It is only ever compared, so that any text will do. */
export function isCallId(value: string): boolean {
  return /^[ -~\x80-\xff]+$/.test(value)
}

/** `type/subtype` with whatever parameters. */
export function isMediaType(value: string): boolean {
  if (value === 'application/sdp') return true
  const end = endOfToken(value, 0, value.length)
  return end > 0 && value.charCodeAt(end) === slash && endOfToken(value, end + 1, value.length) > end + 1
}

/** The top one says where a response goes. Those below are for others, and looked at only in a request that asks for something new. */
function understoodVia(value: string, { kind, isFirst }: Reading): string | null {
  const [top = '', ...others] = splitList(value)
  if (kind === 'opening' && others.some((other) => other !== '' && !parseVia(other) && !readOddVia(other))) return null
  if (parseVia(top)) return value
  const odd = readOddVia(top)
  if (odd) return [printVia(odd), ...others].join(', ')
  return isFirst || kind === 'opening' ? null : value
}

/** In a dialog the tag alone says who is meant (RFC 3261 §12.2.2); anywhere, angle brackets without an address stand for nobody. */
function understoodParty(value: string, { kind }: Reading): string | null {
  if (parseTo(value)) return value
  const odd = readOddAddress(value)
  if (odd) return printNameAddr(odd)
  if (kind === 'opening' && value.indexOf('>', value.indexOf('<')) < 1) return null
  const tag = /;[ \t]{0,8}tag[ \t]{0,8}=[ \t]{0,8}([^ \t;,"<>]+)/i.exec(value)?.[1]
  return tag === undefined ? anonymous : `${anonymous};tag=${tag}`
}

/** A REGISTER is about its Contacts (RFC 3261 §10.2); of other messages those count that can be understood. */
function understoodContact(value: string, { method }: Reading): string | null {
  if (value === '*') return value
  const values = splitList(value)
    .filter((each) => each !== '')
    .map(understoodContactValue)
  if (method === 'REGISTER' && values.includes(null)) return null
  return values.filter((each) => each !== null).join(', ') || null
}

function understoodContactValue(value: string): string | null {
  const exact = parseExactAddress(value)
  if (exact && (value.includes('<') || !hasUriParameters(exact.params))) return value
  const address = parseNameAddr(value)
  return address && printNameAddr(value.includes('<') ? address : withUriParameters(address))
}

function understoodRoutes(value: string): string | null {
  const all = splitList(value)
  const values = all.filter((each) => each !== '')
  if (values.length === all.length && values.every((each) => parseExactAddress(each))) return value
  const understood = values.map((each) => parseNameAddr(each))
  return understood.includes(null) ? null : understood.flatMap((each) => (each ? [printNameAddr(each)] : [])).join(', ')
}
