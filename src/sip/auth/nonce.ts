import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../base/secret.js'

/**
 * A nonce that the server does not need to remember (RFC 7616 §3.3). It is signed with the network's key, names the process that issued it,
 * and contains a hash of the address that it was sent to. If it comes back from that address, the address is real: a forger never sees it.
 *
 *   time (6 bytes) | issuer (6) | random (8) | address hash (8) | signature (16)
 */
export interface NonceForm {
  print(issued: number, address: string): string
  /** Null for a nonce that was altered or issued by another network. */
  read(nonce: string): SignedNonce | null
}

interface SignedNonce {
  /** Epoch milliseconds. */
  readonly issued: number
  /** Issued by this process. */
  readonly isOwn: boolean
  isFor(address: string): boolean
}

export interface NonceFormNeeds {
  /** 32 bytes, in hexadecimal. */
  readonly key: Secret
  /** 6 bytes, in hexadecimal: identifies the process. */
  readonly issuer: string
}

const timeBytes = 6
const issuerBytes = 6
const randomBytes = 8
const seedBytes = timeBytes + issuerBytes + randomBytes
const addressHashBytes = 8
const bodyBytes = seedBytes + addressHashBytes
const signatureBytes = 16
/** In base64url. */
const textLength = Math.ceil(((bodyBytes + signatureBytes) * 4) / 3)

export function createNonceForm({ key, issuer }: NonceFormNeeds): NonceForm {
  const secret = Buffer.from(key.reveal(), 'hex')
  const own = Buffer.from(issuer, 'hex')

  function hashOf(seed: Buffer, address: string): Buffer {
    return createHmac('sha256', secret).update('address').update(seed).update(address).digest().subarray(0, addressHashBytes)
  }

  function sign(body: Buffer): Buffer {
    return createHmac('sha256', secret).update(body).digest().subarray(0, signatureBytes)
  }

  return {
    print(issued, address) {
      const seed = Buffer.alloc(seedBytes)
      seed.writeUIntBE(Math.floor(issued), 0, timeBytes)
      own.copy(seed, timeBytes)
      randomFillSync(seed, timeBytes + issuerBytes)
      const body = Buffer.concat([seed, hashOf(seed, address)])
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
        isOwn: body.subarray(timeBytes, timeBytes + issuerBytes).equals(own),
        isFor: (address) => timingSafeEqual(hashOf(seed, address), body.subarray(seedBytes)),
      }
    },
  }
}
