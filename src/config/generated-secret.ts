import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errors, messageOf } from '../base/errors.js'
import { Secret } from '../base/secret.js'

/** Where a node that makes its secret itself keeps it. */
export function keptSecretFile(data: string): string {
  return join(data, 'network-secret')
}

/** A node with its own Redis needs no secret from anyone: it makes one, once, readable by its owner alone. `look` makes none on disk. */
export function keptSecret(data: string, purpose: 'run' | 'look'): Secret {
  const file = keptSecretFile(data)
  const fresh = randomBytes(32).toString('hex')
  if (purpose === 'look' && !existsSync(file)) return new Secret(fresh)
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    writeFileSync(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' })
    return new Secret(fresh)
  } catch (fault) {
    if (!existsSync(file)) throw errors.CONFIG_INVALID.dataNotWritable({ data, reason: messageOf(fault) }, fault)
    return new Secret(readFileSync(file, 'utf8').trim())
  }
}
