import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from './errors.js'
import type { DeviceId } from './identity.js'
import { Secret } from './secret.js'

const algorithm = 'aes-256-gcm'
/** Bound to its device and network. */
const form = 'sealed.2'
/** Of earlier versions, bound to nothing: it opens in any record, and is sealed again when the record is next written. */
const oldForm = 'sealed.1'
const nonceBytes = 12
/** NIST SP 800-38D §5.2.1.2: a shorter tag, which Node accepts unless it is told the length, can be guessed. */
const tagBytes = 16

/**
 * Keeps device credentials unreadable in Redis: every node of a network shares the secret, an operator with
 * redis-cli (or a stolen dump) sees only the sealed text. What was sealed for one device opens for no other.
 */
export interface Seal {
  /** `sealed.2.<nonce>.<tag>.<text>`, base64url. */
  close(secret: Secret, device: DeviceId): string
  /** @throws AppError SEAL_BROKEN for text that was sealed for another device, network or secret, or was changed */
  open(sealed: string, device: DeviceId): Secret
  /** False for the form of an earlier version. */
  isBound(sealed: string): boolean
}

/** @param network the hash tag of the network in Redis */
export function createSeal(networkSecret: Secret, network = 'hd'): Seal {
  const key = Buffer.from(hkdfSync('sha256', networkSecret.reveal(), 'hotdesk', 'device credentials', 32))
  const isBound = (sealed: string): boolean => sealed.startsWith(`${form}.`)
  const placeOf = (device: DeviceId): Buffer => Buffer.from(`${form}\n${network}\n${device}`)
  const options = { authTagLength: tagBytes } as const

  return {
    isBound,
    close(secret, device) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce, options).setAAD(placeOf(device))
      const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
      return [form, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
    },
    open(sealed, device) {
      const [nonce, tag, text] = partsOf(sealed)
      if (!nonce || !tag || !text)
        throw new AppError('SEAL_BROKEN', 'a device credential is not in sealed form; set it again with `hotdesk device set`')
      try {
        if (nonce.length !== nonceBytes) throw new RangeError('the nonce has another length')
        const decipher = createDecipheriv(algorithm, key, nonce, options)
        if (isBound(sealed)) decipher.setAAD(placeOf(device))
        decipher.setAuthTag(tag)
        return new Secret(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8'))
      } catch (cause) {
        throw new AppError(
          'SEAL_BROKEN',
          'a device credential was sealed with another network secret, or for another device; is `secret` the same on every node?',
          cause,
        )
      }
    },
  }
}

function partsOf(sealed: string): readonly Buffer[] {
  const known = [form, oldForm].find((each) => sealed.startsWith(`${each}.`))
  const parts = known === undefined ? [] : sealed.slice(known.length + 1).split('.')
  return parts.length === 3 ? parts.map((part) => Buffer.from(part, 'base64url')) : []
}
