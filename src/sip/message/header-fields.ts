import { type HeaderField, newField } from '../headers/header-field.js'
import { headerKey } from '../headers/header-names.js'
import { endOfListValue, splitList } from '../syntax/list.js'

/** The header fields of a message, in order. Names are compared case-insensitively; a compact form equals the long one. */
export abstract class HeaderFields {
  protected readonly fields: HeaderField[]

  constructor(fields: HeaderField[]) {
    this.fields = fields
  }

  /** Called after each edit. */
  protected abstract changed(): void

  protected indexOf(key: string): number {
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
    this.changed()
  }

  append(name: string, value: string): void {
    this.fields.push(newField(name, value))
    this.changed()
  }

  prepend(name: string, value: string): void {
    const field = newField(name, value)
    this.fields.splice(Math.max(this.indexOf(field.key), 0), 0, field)
    this.changed()
  }

  remove(name: string): void {
    this.drop(headerKey(name), 0)
    this.changed()
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
    this.changed()
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

  /** All fields with the key `manyOf`, then the first field of each key in `oneOf`. */
  pick(manyOf: string, oneOf: readonly string[]): HeaderField[] {
    const picked = this.fields.filter((field) => field.key === manyOf)
    for (const key of oneOf) {
      const field = this.fields[this.indexOf(key)]
      if (field) picked.push(field)
    }
    return picked
  }

  /** Adjacent fields of one source text are printed as one slice. Content-Length becomes `bodyLength`. */
  protected printFields(bodyLength: number): string {
    const length = String(bodyLength)
    let text = ''
    let hasLength = false
    let run: HeaderField | null = null
    let runEnd = 0
    for (const field of this.fields) {
      const isLength = field.key === 'content-length'
      const isPrinted = !isLength || (!hasLength && field.value === length)
      if (run && isPrinted && field.source === run.source && field.start === runEnd + 2) runEnd = field.end
      else {
        if (run) text += `${run.source.slice(run.start, runEnd)}\r\n`
        run = isPrinted ? field : null
        runEnd = field.end
        if (isLength && !isPrinted && !hasLength) text += `Content-Length: ${length}\r\n`
      }
      hasLength ||= isLength
    }
    if (run) text += `${run.source.slice(run.start, runEnd)}\r\n`
    return hasLength ? text : `${text}Content-Length: ${length}\r\n`
  }
}
