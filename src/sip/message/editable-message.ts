import { errors } from '../../base/errors.js'
import { type CSeq, parseCSeq } from '../headers/cseq.js'
import { type HeaderField, wireSafe } from '../headers/header-field.js'
import { headerKey } from '../headers/header-names.js'
import { type NameAddr, parseLenientAddress, parseStrictAddress, parseTo } from '../headers/name-addr.js'
import { parseLenientVia, parseVia, type Via } from '../headers/via.js'
import { endOfListValue, splitList } from '../syntax/list.js'
import { HeaderFields } from './header-fields.js'
import type { SipMessageBase, SipRequest, SipResponse } from './message.js'

type Parse<Value> = (text: string, from?: number, to?: number) => Value | null

export const noBody = Buffer.alloc(0)

/** Header fields with typed, cached getters. Created by the parser and by `builder.ts`; all other code sees `SipRequest` and `SipResponse`. */
abstract class EditableMessage extends HeaderFields implements SipMessageBase {
  body: Buffer
  private readVias: readonly Via[] | undefined
  private readTopVia: Via | undefined
  private readFrom: NameAddr | undefined
  private readTo: NameAddr | undefined
  private readCseq: CSeq | undefined
  private readContacts: readonly NameAddr[] | undefined
  /** Whether a typed getter has read a value that only the lenient parser understands. */
  hasLenientValue = false

  constructor(fields: HeaderField[], body: Buffer) {
    super(fields)
    this.body = body
    this.changed()
  }

  protected abstract startLine(): string

  protected override changed(): void {
    this.readVias = undefined
    this.readTopVia = undefined
    this.readFrom = undefined
    this.readTo = undefined
    this.readCseq = undefined
    this.readContacts = undefined
  }

  get topVia(): Via {
    this.readTopVia ??= this.readVias?.[0] ?? this.parseTopVia()
    return this.readTopVia
  }

  private parseTopVia(): Via {
    const field = this.fieldOf('Via')
    const value = field.value.slice(0, endOfListValue(field.value, 0))
    return parseVia(value) ?? this.lenient(parseLenientVia(value)) ?? malformed('Via')
  }

  get vias(): readonly Via[] {
    this.readVias ??= this.parseEach('Via', parseVia, parseLenientVia)
    return this.readVias
  }

  get from(): NameAddr {
    this.readFrom ??= this.addressIn('From', parseStrictAddress) ?? malformed('From')
    return this.readFrom
  }

  /** Null where To is missing or malformed. */
  get understoodTo(): NameAddr | null {
    this.readTo ??= this.addressIn('To', parseTo) ?? undefined
    return this.readTo ?? null
  }

  get to(): NameAddr {
    return this.understoodTo ?? malformed('To')
  }

  get callId(): string {
    return this.fieldOf('Call-ID').value
  }

  get cseq(): CSeq {
    this.readCseq ??= parseCSeq(this.fieldOf('CSeq').value) ?? malformed('CSeq')
    return this.readCseq
  }

  get contacts(): readonly NameAddr[] {
    this.readContacts ??= this.isWildcard() ? [] : this.parseEach('Contact', parseStrictAddress, parseLenientAddress)
    return this.readContacts
  }

  private isWildcard(): boolean {
    return this.first('Contact') === '*' && this.all('Contact').length === 1
  }

  private fieldOf(name: string): HeaderField {
    return this.fields[this.indexOf(headerKey(name))] ?? malformed(name)
  }

  private addressIn(name: string, parse: (text: string, from: number, to: number) => NameAddr | null): NameAddr | null {
    const field = this.fields[this.indexOf(headerKey(name))]
    return field ? (field.parse(parse) ?? this.lenient(parseLenientAddress(field.value))) : null
  }

  private lenient<Value>(value: Value): Value {
    this.hasLenientValue = true
    return value
  }

  private parseEach<Value>(name: string, parse: Parse<Value>, parseOdd: (text: string) => Value | null): readonly Value[] {
    const key = headerKey(name)
    const values: Value[] = []
    for (const field of this.fields) {
      if (field.key !== key) continue
      if (field.value.indexOf(',') < 0) values.push(field.parse(parse) ?? this.lenient(parseOdd(field.value)) ?? malformed(name))
      else for (const value of splitList(field.value)) values.push(parse(value) ?? this.lenient(parseOdd(value)) ?? malformed(name))
    }
    return values
  }

  toBuffer(): Buffer {
    const head = `${wireSafe(this.startLine(), 'the start line')}\r\n${this.printFields(this.body.length)}\r\n`
    const bytes = Buffer.allocUnsafe(head.length + this.body.length)
    bytes.write(head, 0, 'latin1')
    if (this.body.length > 0) this.body.copy(bytes, head.length)
    return bytes
  }
}

class EditableRequest extends EditableMessage implements SipRequest {
  readonly kind = 'request'
  method: string
  uri: string

  constructor(line: { readonly method: string; readonly uri: string }, fields: HeaderField[], body: Buffer) {
    super(fields, body)
    this.method = line.method
    this.uri = line.uri
  }

  protected override startLine(): string {
    return `${this.method} ${this.uri} SIP/2.0`
  }

  clone(): SipRequest {
    return new EditableRequest(this, [...this.fields], this.body)
  }
}

class EditableResponse extends EditableMessage implements SipResponse {
  readonly kind = 'response'
  status: number
  reason: string

  constructor(line: { readonly status: number; readonly reason: string }, fields: HeaderField[], body: Buffer) {
    super(fields, body)
    this.status = line.status
    this.reason = line.reason
  }

  protected override startLine(): string {
    return `SIP/2.0 ${this.status} ${this.reason}`
  }

  clone(): SipResponse {
    return new EditableResponse(this, [...this.fields], this.body)
  }
}

/** Whether every value that the typed getters have read so far follows the grammar strictly. */
export function isStrictlyParsed(message: SipMessageBase): boolean {
  return message instanceof EditableMessage && !message.hasLenientValue
}

export function newRequest(method: string, uri: string, fields: HeaderField[] = [], body: Buffer = noBody): SipRequest {
  return new EditableRequest({ method, uri }, fields, body)
}

/** Headers that a response copies after Via, in this order (RFC 3261 §8.2.6.2). */
const copied = ['from', 'to', 'call-id', 'cseq'] as const

/**
 * A response with the headers that it copies from the request, if the request has them. A To without a tag gets `toTag` unless that is
 * empty; a malformed To is copied unchanged.
 */
export function newResponseTo(request: SipRequest, line: { readonly status: number; readonly reason: string }, toTag: string): SipResponse {
  if (!(request instanceof EditableMessage)) throw new TypeError('not a request of the parser or the builder')
  const response = new EditableResponse(line, request.pick('via', copied), noBody)
  const to = request.understoodTo
  if (toTag !== '' && to?.tag === '') response.set('To', `${request.first('To')};tag=${toTag}`)
  return response
}

export function newResponse(status: number, reason: string, fields: HeaderField[] = [], body: Buffer = noBody): SipResponse {
  return new EditableResponse({ status, reason }, fields, body)
}

function malformed(name: string): never {
  throw errors.SIP_MALFORMED.header({ name })
}
