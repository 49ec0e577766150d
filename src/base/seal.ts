import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { errors } from './errors.js'
import type { DeviceId } from './identity.js'
import { Secret } from './secret.js'

const algorithm = 'aes-256-gcm'
/** Bound to the device and the network. */
const form = 'sealed.2'
/** From earlier versions, not bound to a device: it opens in any record, and is sealed again when the record is next written. */
const oldForm = 'sealed.1'
const nonceBytes = 12
/** NIST SP 800-38D §5.2.1.2. Node accepts shorter tags, which can be guessed, unless the length is given. */
const tagBytes = 16
const saltBytes = 16

/** The beginning of the SEAL_BROKEN message for text that may have been sealed with another secret. */
export const sealedElsewhere = 'a device credential was sealed with another network secret'

/** What the text is sealed for: a device, or digits that an operator asks about. Digits may be a PIN. */
export type SealPlace = DeviceId | 'hotdesk why' | 'hotdesk test-call'

/**
 * Encrypts device credentials in Redis with the secret that all nodes of a network share: redis-cli or a stolen dump shows only sealed
 * text. Text sealed for one device does not open for another.
 */
export interface Seal {
  /** `sealed.2.<nonce>.<tag>.<text>`, base64url. */
  close(secret: Secret, place: SealPlace): string
  /** @throws AppError SEAL_BROKEN for text that was sealed for another device, network or secret, or was changed */
  open(sealed: string, place: SealPlace): Secret
  opens(sealed: string, device: DeviceId): boolean
  /** False for the form of earlier versions. */
  isBound(sealed: string): boolean
  /** Distinguishes secrets without revealing them: each guess costs one scrypt. */
  fingerprint(salt: string): Promise<string>
  /** The same with a new salt, as kept in Redis. */
  newFingerprint(): Promise<Readonly<Record<'salt' | 'fingerprint', string>>>
}

/** @param network the hash tag of the network in Redis */
export function createSeal(networkSecret: Secret, network: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', networkSecret.reveal(), 'hotdesk', 'device credentials', 32))
  const isBound = (sealed: string): boolean => sealed.startsWith(`${form}.`)
  const aadOf = (place: SealPlace): Buffer => Buffer.from(`${form}\n${network}\n${place}`)
  const options = { authTagLength: tagBytes } as const

  function open(sealed: string, place: SealPlace): Secret {
    const [nonce, tag, text] = partsOf(sealed)
    if (!nonce || !tag || !text) throw errors.SEAL_BROKEN.notSealed()
    try {
      if (nonce.length !== nonceBytes) throw new RangeError('the nonce has another length')
      const decipher = createDecipheriv(algorithm, key, nonce, options)
      if (isBound(sealed)) decipher.setAAD(aadOf(place))
      decipher.setAuthTag(tag)
      return new Secret(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8'))
    } catch (cause) {
      throw errors.SEAL_BROKEN.otherSecret({ sealedElsewhere }, cause)
    }
  }

  async function fingerprint(salt: string): Promise<string> {
    const stretched = await stretch(networkSecret.reveal(), `hotdesk fingerprint\n${network}\n${salt}`, 32, stretching)
    return `1.${createHmac('sha256', stretched).update('hotdesk network secret').digest('base64url')}`
  }

  const opens = (sealed: string, device: DeviceId): boolean => {
    try {
      open(sealed, device)
      return true
    } catch {
      // SEAL_BROKEN is the answer no.
      return false
    }
  }

  return {
    isBound,
    opens,
    open,
    fingerprint,
    async newFingerprint() {
      const salt = randomBytes(saltBytes).toString('base64url')
      return { salt, fingerprint: await fingerprint(salt) }
    },
    close(secret, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce, options).setAAD(aadOf(place))
      const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
      return [form, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
    },
  }
}

/** RFC 7914: 32 MB and a tenth of a second for each attempt. */
const stretching = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const stretch = promisify<string, string, number, typeof stretching, Buffer>(scrypt)

function partsOf(sealed: string): readonly Buffer[] {
  const known = [form, oldForm].find((each) => sealed.startsWith(`${each}.`))
  const parts = known === undefined ? [] : sealed.slice(known.length + 1).split('.')
  return parts.length === 3 ? parts.map((part) => Buffer.from(part, 'base64url')) : []
}
