/** A header field as the application wrote it, with its name in canonical form. */
export interface Field {
  readonly name: string
  readonly value: string
}

/** A request that an application asks for: a start line and some header fields. The server adds the others. */
export interface RequestDraft {
  readonly kind: 'request'
  /** The start line as received, for a reply that refuses it. */
  readonly line: string
  readonly method: string
  readonly uri: string
  readonly fields: readonly Field[]
  readonly body: Buffer
}

export interface ResponseDraft {
  readonly kind: 'response'
  readonly status: number
  readonly reason: string
  readonly fields: readonly Field[]
  readonly body: Buffer
}

export type Draft = RequestDraft | ResponseDraft

/** The first value of a field, by its canonical name. */
export function fieldOf(draft: { readonly fields: readonly Field[] }, name: string): string | undefined {
  for (const field of draft.fields) if (field.name === name) return field.value
  return undefined
}

/** A request that the server sends by itself. */
export function bareRequest(method: string): RequestDraft {
  return { kind: 'request', line: '', method, uri: 'sip:placeholder', fields: [], body: nothing }
}

const nothing = Buffer.alloc(0)
