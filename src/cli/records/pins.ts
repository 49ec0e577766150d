import { text } from 'node:stream/consumers'
import type { Extension } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { EditOutcome } from '../../directory/directory.js'
import { hashPin, issuePin, type PinWeakness, weaknessOf } from '../../hotdesk/hotdesk.js'
import { type Telling, tellSaved, tellUndone } from './outcome.js'

/** `given` on standard input, or `issued` and shown once. */
export type PinSource = 'given' | 'issued'

export async function savePin(
  telling: Telling,
  extension: Extension,
  source: PinSource,
  save: (hash: string) => Promise<EditOutcome>,
): Promise<void> {
  const pin = source === 'given' ? new Secret((await text(process.stdin)).trim()) : issuePin(extension)
  const weakness = weaknessOf(pin, extension)
  if (weakness !== null) return tellUndone(telling, [weaknesses[weakness]])
  tellSaved(telling, await save(await hashPin(pin)), source === 'issued' ? { pin: pin.reveal() } : {})
}

/** Why a PIN is refused. */
export const weaknesses: Readonly<Record<PinWeakness, string>> = {
  'not-4-to-10-digits': 'a PIN has 4 to 10 digits',
  'all-the-same': 'a PIN of one digit repeated is too easy',
  'running-digits': 'a PIN of running digits is too easy',
  'own-extension': 'the own extension is no PIN',
}
