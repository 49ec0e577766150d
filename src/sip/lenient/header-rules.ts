import { parseCSeq } from '../headers/cseq.js'
import { parseDate } from '../headers/date.js'
import {
  hasUriParameters,
  parseLenientAddress,
  parseNameAddr,
  parseStrictAddress,
  parseTo,
  printNameAddr,
  withUriParameters,
} from '../headers/name-addr.js'
import { parseSessionExpires } from '../headers/session-expires.js'
import { parseLenientVia, parseVia, printVia } from '../headers/via.js'
import { endOfToken, slash } from '../syntax/characters.js'
import { maxDeltaSeconds, parseInteger } from '../syntax/integer.js'
import { splitList } from '../syntax/list.js'

/**
 * How the receiver matches a message. `initial`: a request outside a dialog. `subsequent`: a request in a dialog, or one that refers to an earlier
 * request; matched by its tags. `response`: matched by its top Via, CSeq and To tag.
 */
export type MessageKind = 'initial' | 'subsequent' | 'response'

/** The message that a value is from. */
interface Context {
  readonly kind: MessageKind
  readonly method: string
  /** Whether it is the first field of its name. */
  readonly isFirst: boolean
}

/** How a header is checked and normalized. */
export interface Rule {
  /** In its usual spelling. */
  readonly name: string
  /** Must not be repeated (RFC 3261 §7.3.1). */
  readonly isSingle: boolean
  /** If it is malformed in such a message, the request is rejected with 400, or the response dropped. In any other message it is ignored. */
  readonly essentialFor: readonly (MessageKind | 'REGISTER')[]
  /** Must be present in such a message. */
  readonly requiredFor: readonly MessageKind[]
  /** The value in the form that the grammar requires, unchanged if it already has it; null if it cannot be understood. */
  readonly normalize: (value: string, context: Context) => string | null
  /** Replaces a malformed value in an emergency call, which is not refused for it. Absent if no substitute makes sense. */
  readonly substitute?: string
}

const always: readonly MessageKind[] = ['initial', 'subsequent', 'response']
const never: readonly MessageKind[] = []

const anonymous = '<sip:anonymous@anonymous.invalid>'

/** Rules for every header that the SIP server or the application parses. All other headers pass unchanged. */
export const headerRules: ReadonlyMap<string, Rule> = new Map(
  (
    [
      { name: 'Via', isSingle: false, essentialFor: always, requiredFor: always, normalize: normalizeVia },
      { name: 'From', isSingle: true, essentialFor: always, requiredFor: always, normalize: normalizeParty, substitute: anonymous },
      { name: 'To', isSingle: true, essentialFor: always, requiredFor: always, normalize: normalizeParty, substitute: anonymous },
      { name: 'Call-ID', isSingle: true, essentialFor: always, requiredFor: always, normalize: validIf(isCallId) },
      { name: 'CSeq', isSingle: true, essentialFor: always, requiredFor: always, normalize: validIf((value) => parseCSeq(value) !== null) },
      { name: 'Content-Length', isSingle: true, essentialFor: never, requiredFor: never, normalize: validIf(isNumber) },
      { name: 'Contact', isSingle: false, essentialFor: ['REGISTER'], requiredFor: never, normalize: normalizeContact },
      {
        name: 'Record-Route',
        isSingle: false,
        essentialFor: ['initial'],
        requiredFor: never,
        normalize: normalizeRoutes,
        substitute: '',
      },
      ...['Max-Forwards', 'Expires', 'Min-Expires', 'Min-SE', 'RSeq'].map((name) => optional(name, validIf(isNumber))),
      optional('Content-Type', validIf(isMediaType)),
      optional(
        'Date',
        validIf((value) => parseDate(value) !== null),
      ),
      optional(
        'Session-Expires',
        validIf((value) => parseSessionExpires(value) !== null),
      ),
      optional(
        'Retry-After',
        validIf((value) => /^\d{1,10}(?!\d)/.test(value)),
      ),
      ...['User-Agent', 'Server', 'Subject', 'Organization', 'Priority', 'Event', 'Subscription-State', 'Content-Disposition'].map((name) =>
        optional(name, opaque),
      ),
      ...['Refer-To', 'Referred-By', 'Reply-To', 'Replaces', 'RAck', 'MIME-Version', 'Timestamp'].map((name) => optional(name, opaque)),
    ] satisfies Rule[]
  ).map((rule) => [rule.name.toLowerCase(), rule]),
)

function optional(name: string, normalize: Rule['normalize']): Rule {
  return { name, isSingle: true, essentialFor: never, requiredFor: never, normalize }
}

/** Any value is valid; only repetition is checked. */
export function opaque(value: string): string {
  return value
}

function validIf(isValid: (value: string) => boolean): Rule['normalize'] {
  return (value) => (isValid(value) ? value : null)
}

/** A number, possibly with parameters (RFC 4028 §5). */
function isNumber(value: string): boolean {
  if (parseInteger(value, maxDeltaSeconds) !== null) return true
  const [number = '', ...parameters] = value.split(';')
  return parameters.length > 0 && parseInteger(number.trimEnd(), maxDeltaSeconds) !== null
}

/** RFC 3261 §20.8 requires a word, or two joined by `@`. A Call-ID is only compared, so any text is accepted. */
export function isCallId(value: string): boolean {
  return /^[ -~\x80-\xff]+$/.test(value)
}

/** `type/subtype`; parameters are not checked. */
export function isMediaType(value: string): boolean {
  if (value === 'application/sdp') return true
  const end = endOfToken(value, 0, value.length)
  return end > 0 && value.charCodeAt(end) === slash && endOfToken(value, end + 1, value.length) > end + 1
}

/** The top Via routes the response. The others are for other hops, and are checked only in an initial request. */
function normalizeVia(value: string, { kind, isFirst }: Context): string | null {
  const [top = '', ...others] = splitList(value)
  if (kind === 'initial' && others.some((other) => other !== '' && !parseVia(other) && !parseLenientVia(other))) return null
  if (parseVia(top)) return value
  const via = parseLenientVia(top)
  if (via) return [printVia(via), ...others].join(', ')
  return isFirst || kind === 'initial' ? null : value
}

/** In a dialog the tag alone counts (RFC 3261 §12.2.2). Empty angle brackets always mean an anonymous party. */
function normalizeParty(value: string, { kind }: Context): string | null {
  if (parseTo(value)) return value
  const address = parseLenientAddress(value)
  if (address) return printNameAddr(address)
  if (kind === 'initial' && value.indexOf('>', value.indexOf('<')) < 1) return null
  const tag = /;[ \t]{0,8}tag[ \t]{0,8}=[ \t]{0,8}([^ \t;,"<>]+)/i.exec(value)?.[1]
  return tag === undefined ? anonymous : `${anonymous};tag=${tag}`
}

/** In a REGISTER every Contact must be understood (RFC 3261 §10.2); in other messages the rest are ignored. */
function normalizeContact(value: string, { method }: Context): string | null {
  if (value === '*') return value
  const values = splitList(value)
    .filter((each) => each !== '')
    .map(normalizeContactValue)
  if (method === 'REGISTER' && values.includes(null)) return null
  return values.filter((each) => each !== null).join(', ') || null
}

function normalizeContactValue(value: string): string | null {
  const strict = parseStrictAddress(value)
  if (strict && (value.includes('<') || !hasUriParameters(strict.params))) return value
  const address = parseNameAddr(value)
  return address && printNameAddr(value.includes('<') ? address : withUriParameters(address))
}

function normalizeRoutes(value: string): string | null {
  const all = splitList(value)
  const values = all.filter((each) => each !== '')
  if (values.length === all.length && values.every((each) => parseStrictAddress(each))) return value
  const addresses = values.map((each) => parseNameAddr(each))
  return addresses.includes(null) ? null : addresses.flatMap((each) => (each ? [printNameAddr(each)] : [])).join(', ')
}
