import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from './errors.js'
import { Secret } from './secret.js'

const algorithm = 'aes-256-gcm'
const form = 'sealed.1'

/**
 * Keeps device credentials unreadable in Redis: every node of a network shares the secret, an operator with
 * redis-cli (or a stolen dump) sees only the sealed text.
 */
export interface Seal {
  /** `sealed.1.<nonce>.<tag>.<text>`, base64url. */
  close(secret: Secret): string
  /** @throws AppError SEAL_BROKEN when the text was sealed with another secret or was changed */
  open(sealed: string): Secret
}

export function createSeal(networkSecret: Secret): Seal {
  const key = Buffer.from(hkdfSync('sha256', networkSecret.reveal(), 'hotdesk', 'device credentials', 32))
  return {
    close(secret) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv(algorithm, key, nonce)
      const text = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
      return [form, nonce, cipher.getAuthTag(), text]
        .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
        .join('.')
    },
    open(sealed) {
      const parts = sealed.startsWith(`${form}.`) ? sealed.slice(form.length + 1).split('.') : []
      const [nonce, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'))
      if (!nonce || !tag || !text)
        throw new AppError('SEAL_BROKEN', 'a device credential is not in sealed form; set it again with `hotdesk device set`')
      try {
        const decipher = createDecipheriv(algorithm, key, nonce)
        decipher.setAuthTag(tag)
        return new Secret(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8'))
      } catch (cause) {
        throw new AppError(
          'SEAL_BROKEN',
          'a device credential was sealed with another network secret; is `secret` the same on every node?',
          cause,
        )
      }
    },
  }
}
