import { AppError } from '../../base/errors.js'
import { type CSeq, parseCSeq } from '../headers/cseq.js'
import { type HeaderField, newField, wireSafe } from '../headers/header-field.js'
import { headerKey } from '../headers/header-names.js'
import { type NameAddr, parseExactAddress, parseTo, readOddAddress } from '../headers/name-addr.js'
import { parseVia, readOddVia, type Via } from '../headers/via.js'
import { endOfListValue, splitList } from '../syntax/list.js'
import type { SipMessageBase, SipRequest, SipResponse } from './message.js'

type Parse<Value> = (text: string, from?: number, to?: number) => Value | null

export const noBody = Buffer.alloc(0)

/** The message over its fields. Made by the parser and by `builder.ts`; everyone else knows `SipRequest` and `SipResponse`. */
abstract class EditableMessage implements SipMessageBase {
  body: Buffer
  protected readonly fields: HeaderField[]
  private readVias: readonly Via[] | undefined
  private readTopVia: Via | undefined
  private readFrom: NameAddr | undefined
  private readTo: NameAddr | undefined
  private readCseq: CSeq | undefined
  private readContacts: readonly NameAddr[] | undefined
  /** A typed getter has read a value that is not of its form. */
  hasOddValue = false

  constructor(fields: HeaderField[], body: Buffer) {
    this.fields = fields
    this.body = body
    this.forget()
  }

  protected abstract startLine(): string

  private forget(): void {
    this.readVias = undefined
    this.readTopVia = undefined
    this.readFrom = undefined
    this.readTo = undefined
    this.readCseq = undefined
    this.readContacts = undefined
  }

  private indexOf(key: string): number {
    for (let at = 0; at < this.fields.length; at += 1) if (this.fields[at]?.key === key) return at
    return -1
  }

  first(name: string): string | undefined {
    return this.fields[this.indexOf(headerKey(name))]?.value
  }

  all(name: string): readonly string[] {
    const key = headerKey(name)
    const values: string[] = []
    for (const field of this.fields) if (field.key === key) values.push(field.value)
    return values
  }

  list(name: string): readonly string[] {
    const fields = this.all(name)
    const only = fields[0]
    return fields.length === 1 && only !== undefined ? splitList(only) : fields.flatMap((value) => splitList(value))
  }

  has(name: string): boolean {
    return this.indexOf(headerKey(name)) >= 0
  }

  set(name: string, value: string): void {
    const field = newField(name, value)
    const at = this.indexOf(field.key)
    if (at < 0) this.fields.push(field)
    else {
      this.fields[at] = field
      this.drop(field.key, at + 1)
    }
    this.forget()
  }

  append(name: string, value: string): void {
    this.fields.push(newField(name, value))
    this.forget()
  }

  prepend(name: string, value: string): void {
    const field = newField(name, value)
    this.fields.splice(Math.max(this.indexOf(field.key), 0), 0, field)
    this.forget()
  }

  remove(name: string): void {
    this.drop(headerKey(name), 0)
    this.forget()
  }

  removeFirst(name: string): void {
    this.changeFirst(name, null)
  }

  replaceFirst(name: string, value: string): void {
    this.changeFirst(name, value)
  }

  private changeFirst(name: string, value: string | null): void {
    const at = this.indexOf(headerKey(name))
    const field = this.fields[at]
    if (!field) return
    const end = endOfListValue(field.value, 0)
    const rest = field.value.slice(end + 1)
    const values = [...(value === null ? [] : [value]), ...(rest === '' ? [] : [rest.trim()])]
    if (values.length === 0) this.fields.splice(at, 1)
    else this.fields[at] = newField(field.name, values.join(', '))
    this.forget()
  }

  private drop(key: string, from: number): void {
    let kept = from
    for (let at = from; at < this.fields.length; at += 1) {
      const field = this.fields[at]
      if (field && field.key !== key) {
        this.fields[kept] = field
        kept += 1
      }
    }
    this.fields.length = kept
  }

  names(): readonly string[] {
    return this.fields.map((field) => field.name)
  }

  get topVia(): Via {
    this.readTopVia ??= this.readVias?.[0] ?? this.parseTopVia()
    return this.readTopVia
  }

  private parseTopVia(): Via {
    const field = this.fieldOf('Via')
    const value = field.value.slice(0, endOfListValue(field.value, 0))
    return parseVia(value) ?? this.odd(readOddVia(value)) ?? malformed('Via')
  }

  get vias(): readonly Via[] {
    this.readVias ??= this.parseEach('Via', parseVia, readOddVia)
    return this.readVias
  }

  get from(): NameAddr {
    this.readFrom ??= this.addressIn('From', parseExactAddress) ?? malformed('From')
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
    this.readContacts ??= this.isWildcard() ? [] : this.parseEach('Contact', parseExactAddress, readOddAddress)
    return this.readContacts
  }

  private isWildcard(): boolean {
    return this.first('Contact') === '*' && this.all('Contact').length === 1
  }

  /** All fields of the first key, then the first field of each other one. */
  pick(manyOf: string, oneOf: readonly string[]): HeaderField[] {
    const picked = this.fields.filter((field) => field.key === manyOf)
    for (const key of oneOf) {
      const field = this.fields[this.indexOf(key)]
      if (field) picked.push(field)
    }
    return picked
  }

  private fieldOf(name: string): HeaderField {
    return this.fields[this.indexOf(headerKey(name))] ?? malformed(name)
  }

  private addressIn(name: string, parse: (text: string, from: number, to: number) => NameAddr | null): NameAddr | null {
    const field = this.fields[this.indexOf(headerKey(name))]
    return field ? (field.parse(parse) ?? this.odd(readOddAddress(field.value))) : null
  }

  private odd<Value>(value: Value): Value {
    this.hasOddValue = true
    return value
  }

  private parseEach<Value>(name: string, parse: Parse<Value>, parseOdd: (text: string) => Value | null): readonly Value[] {
    const key = headerKey(name)
    const values: Value[] = []
    for (const field of this.fields) {
      if (field.key !== key) continue
      if (field.value.indexOf(',') < 0) values.push(field.parse(parse) ?? this.odd(parseOdd(field.value)) ?? malformed(name))
      else for (const value of splitList(field.value)) values.push(parse(value) ?? this.odd(parseOdd(value)) ?? malformed(name))
    }
    return values
  }

  toBuffer(): Buffer {
    const head = `${wireSafe(this.startLine(), 'the start line')}\r\n${this.printFields()}\r\n`
    const bytes = Buffer.allocUnsafe(head.length + this.body.length)
    bytes.write(head, 0, 'latin1')
    if (this.body.length > 0) this.body.copy(bytes, head.length)
    return bytes
  }

  /** Fields that stand side by side in the text they came in go out as one slice. */
  private printFields(): string {
    const length = String(this.body.length)
    let text = ''
    let lengthShown = false
    let run: HeaderField | null = null
    let runEnd = 0
    for (const field of this.fields) {
      const isLength = field.key === 'content-length'
      const goesOut = !isLength || (!lengthShown && field.value === length)
      if (run && goesOut && field.source === run.source && field.start === runEnd + 2) runEnd = field.end
      else {
        if (run) text += `${run.source.slice(run.start, runEnd)}\r\n`
        run = goesOut ? field : null
        runEnd = field.end
        if (isLength && !goesOut && !lengthShown) text += `Content-Length: ${length}\r\n`
      }
      lengthShown ||= isLength
    }
    if (run) text += `${run.source.slice(run.start, runEnd)}\r\n`
    return lengthShown ? text : `${text}Content-Length: ${length}\r\n`
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

/** Whether the typed getters used so far have met the form of each value, and not only understood it. */
export function isExact(message: SipMessageBase): boolean {
  return message instanceof EditableMessage && !message.hasOddValue
}

export function newRequest(method: string, uri: string, fields: HeaderField[] = [], body: Buffer = noBody): SipRequest {
  return new EditableRequest({ method, uri }, fields, body)
}

/** What a response copies besides Via, in this order (RFC 3261 §8.2.6.2). */
const copied = ['from', 'to', 'call-id', 'cseq'] as const

/**
 * A response with what it copies of the request, as far as the request has it. A To without a tag gets `toTag` if that is given;
 * a To that is not understood goes back as it came.
 */
export function newResponseTo(request: SipRequest, line: { readonly status: number; readonly reason: string }, toTag: string): SipResponse {
  if (!(request instanceof EditableMessage)) throw new TypeError('a request that was not made here')
  const response = new EditableResponse(line, request.pick('via', copied), noBody)
  const to = request.understoodTo
  if (toTag !== '' && to?.tag === '') response.set('To', `${request.first('To')};tag=${toTag}`)
  return response
}

export function newResponse(status: number, reason: string, fields: HeaderField[] = [], body: Buffer = noBody): SipResponse {
  return new EditableResponse({ status, reason }, fields, body)
}

function malformed(name: string): never {
  throw new AppError('SIP_MALFORMED', `${name} is missing or not of its form`)
}
