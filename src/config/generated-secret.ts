import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errors, messageOf } from '../base/errors.js'
import { Secret } from '../base/secret.js'

/** The file of a generated network secret. */
export function generatedSecretFile(data: string): string {
  return join(data, 'network-secret')
}

/**
 * The network secret of a node with an embedded Redis: generated once, in a file that only its owner can read. `look` writes no file.
 * @throws AppError CONFIG_INVALID if the file cannot be written
 */
export function generatedSecret(data: string, purpose: 'run' | 'look'): Secret {
  const file = generatedSecretFile(data)
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
