/** `SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport` (RFC 3261 §20.42). */
export interface Via {
  /** Upper case: UDP TCP TLS WS WSS. */
  readonly transport: string
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number | null
  readonly branch: string
  readonly params: ReadonlyMap<string, string | null>
}
