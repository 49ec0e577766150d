/** A header with its usual spelling and its compact form, if any (RFC 3261 §7.3.3). */
export interface KnownHeader {
  readonly name: string
  /** The name in lower case, used for comparison. */
  readonly key: string
  /** The compact form in lower and upper case; empty if there is none. */
  readonly compact: readonly string[]
}

const names =
  'Accept Accept-Contact=a Accept-Encoding Accept-Language Alert-Info Allow Allow-Events=u Authentication-Info Authorization Call-ID=i ' +
  'Call-Info Contact=m Content-Disposition Content-Encoding=e Content-Language Content-Length=l Content-Type=c CSeq Date Diversion ' +
  'Error-Info Event=o Expires Feature-Caps From=f History-Info Identity=y Identity-Info=n In-Reply-To Max-Forwards MIME-Version ' +
  'Min-Expires Min-SE Organization P-Asserted-Identity P-Preferred-Identity Path Priority Privacy Proxy-Authenticate ' +
  'Proxy-Authorization Proxy-Require RAck Reason Record-Route Refer-To=r Referred-By=b Reject-Contact=j Remote-Party-ID Replaces ' +
  'Reply-To Request-Disposition=d Require Retry-After Route RSeq Server Service-Route Session-Expires=x SIP-ETag SIP-If-Match ' +
  'Subject=s Subscription-State Supported=k Timestamp To=t Unsupported User-Agent Via=v Warning WWW-Authenticate'

export const knownHeaders: readonly KnownHeader[] = names.split(' ').map((entry) => {
  const [name = '', compact] = entry.split('=')
  return { name, key: name.toLowerCase(), compact: compact === undefined ? [] : [compact, compact.toUpperCase()] }
})

interface Spelling {
  /** In lower case. */
  readonly bytes: Buffer
  readonly key: string
  /** Next spelling with the same hash. */
  readonly next: Spelling | undefined
}

/** Known spellings by a hash that is computed while a name is scanned. */
const slotBits = 0xff
const slots: readonly (Spelling | undefined)[] = fillSlots()

function fillSlots(): (Spelling | undefined)[] {
  const filled = Array<Spelling | undefined>(slotBits + 1).fill(undefined)
  for (const { key, compact } of knownHeaders) {
    for (const spelling of [key, ...compact.slice(0, 1)]) {
      const bytes = Buffer.from(spelling, 'latin1')
      const slot = bytes.reduce(nextHash, 0) & slotBits
      filled[slot] = { bytes, key, next: filled[slot] }
    }
  }
  return filled
}

/** Extends the hash of a name by one byte. Both cases of a letter give the same hash. */
export function nextHash(hash: number, byte: number): number {
  return (hash * 31 + (byte | 0x20)) | 0
}

/** The key of the name in `bytes`; undefined if it is not a known header. */
export function knownKey(bytes: Buffer, from: number, to: number, hash: number): string | undefined {
  let spelling = slots[hash & slotBits]
  while (spelling && !isSpelled(bytes, from, to, spelling.bytes)) spelling = spelling.next
  return spelling?.key
}

/** Case-insensitive. `| 0x20` maps no other byte of a token to a letter or a hyphen; it would map `\r`, which is not in a token. */
function isSpelled(bytes: Buffer, from: number, to: number, spelling: Buffer): boolean {
  if (to - from !== spelling.length) return false
  for (let at = 0; at < spelling.length; at += 1) if (((bytes[from + at] ?? 0) | 0x20) !== spelling[at]) return false
  return true
}
