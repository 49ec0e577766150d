/** The caller, as the other side sees them. */
export interface Party {
  /** Display name; `''` if unknown. */
  readonly name: string
  /** User part: an extension or a telephone number. */
  readonly number: string
  /** The caller asks to stay anonymous (RFC 3323). */
  readonly isPrivate: boolean
  /** The network vouches for the number (RFC 3325 §5); false if only the caller has stated it. */
  readonly isAsserted: boolean
}

/** A caller about whom nothing may be shown. */
export const anonymous: Party = { name: 'Anonymous', number: 'anonymous', isPrivate: true, isAsserted: false }
