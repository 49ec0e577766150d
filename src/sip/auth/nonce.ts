import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../base/secret.js'

/**
 * A nonce that the server need not remember (RFC 7616 §3.3). It is signed with a key of the network, names its maker, and carries a
 * mark of the address that it was sent to. When it comes back from that address, the address is real: a forger never sees it.
 *
 *   time (6 bytes) | maker (6) | random (8) | mark of the address (8) | signature (16)
 */
export interface NonceForm {
  print(issued: number, address: string): string
  /** Null for a nonce that another network made, or that was changed. */
  read(nonce: string): SignedNonce | null
}

interface SignedNonce {
  /** Epoch milliseconds. */
  readonly issued: number
  /** Made by this very process. */
  readonly isOwn: boolean
  isFor(address: string): boolean
}

export interface NonceFormNeeds {
  /** 32 bytes, in hexadecimal. */
  readonly key: Secret
  /** 6 bytes, in hexadecimal: names the process. */
  readonly maker: string
}

const timeBytes = 6
const makerBytes = 6
const randomBytes = 8
const seedBytes = timeBytes + makerBytes + randomBytes
const markBytes = 8
const bodyBytes = seedBytes + markBytes
const signatureBytes = 16
/** In base64url. */
const textLength = Math.ceil(((bodyBytes + signatureBytes) * 4) / 3)

export function createNonceForm({ key, maker }: NonceFormNeeds): NonceForm {
  const secret = Buffer.from(key.reveal(), 'hex')
  const own = Buffer.from(maker, 'hex')

  function markOf(seed: Buffer, address: string): Buffer {
    return createHmac('sha256', secret).update('address').update(seed).update(address).digest().subarray(0, markBytes)
  }

  function sign(body: Buffer): Buffer {
    return createHmac('sha256', secret).update(body).digest().subarray(0, signatureBytes)
  }

  return {
    print(issued, address) {
      const seed = Buffer.alloc(seedBytes)
      seed.writeUIntBE(Math.floor(issued), 0, timeBytes)
      own.copy(seed, timeBytes)
      randomFillSync(seed, timeBytes + makerBytes)
      const body = Buffer.concat([seed, markOf(seed, address)])
      return Buffer.concat([body, sign(body)]).toString('base64url')
    },
    read(nonce) {
      if (nonce.length !== textLength) return null
      const bytes = Buffer.from(nonce, 'base64url')
      if (bytes.toString('base64url') !== nonce) return null
      const body = bytes.subarray(0, bodyBytes)
      if (!timingSafeEqual(sign(body), bytes.subarray(bodyBytes))) return null
      const seed = body.subarray(0, seedBytes)
      return {
        issued: body.readUIntBE(0, timeBytes),
        isOwn: body.subarray(timeBytes, timeBytes + makerBytes).equals(own),
        isFor: (address) => timingSafeEqual(markOf(seed, address), body.subarray(seedBytes)),
      }
    },
  }
}
