/** The caller, as shown to the callee. */
export interface Party {
  /** Display name; `''` if unknown. */
  readonly name: string
  /** User part: an extension or a telephone number. */
  readonly number: string
  /** The caller asks to stay anonymous (RFC 3323). */
  readonly isPrivate: boolean
  /** The network asserts the number (RFC 3325 §5); false if only the caller states it. */
  readonly isAsserted: boolean
}

/** A caller whose identity must not be shown. */
export const anonymous: Party = { name: 'Anonymous', number: 'anonymous', isPrivate: true, isAsserted: false }
