import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto'

/** A password as versions before sealed.2 have left it in Redis: bound to nothing. */
export function sealedByEarlierVersion(password: string, networkSecret: string): string {
  const key = Buffer.from(hkdfSync('sha256', networkSecret, 'hotdesk', 'device credentials', 32))
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const text = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()])
  return ['sealed.1', ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
}
