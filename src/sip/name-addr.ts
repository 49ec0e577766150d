/** `"Alice" <sip:100@hotdesk.example>;tag=1`: From, To, Contact, Route and their kin (RFC 3261 §20.10). */
export interface NameAddr {
  /** Unquoted; `''` without. */
  readonly display: string
  readonly uri: string
  /** Header parameters in order; names in lower case; null for a flag. */
  readonly params: ReadonlyMap<string, string | null>
  /** The tag parameter, `''` without. */
  readonly tag: string
}
