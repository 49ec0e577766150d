import { text } from 'node:stream/consumers'
import type { Extension } from '../../base/identity.js'
import { Secret } from '../../base/secret.js'
import type { EditOutcome } from '../../directory/directory.js'
import { hashPin, issuePin, type PinPolicy, type PinWeakness, weaknessOf } from '../../hotdesk/hotdesk.js'
import { type RecordCommand, reportRefusal, reportSaved } from './outcome.js'

/** `given` on standard input, or `issued` and shown once. */
export type PinSource = 'given' | 'issued'

/** Saves a PIN and reports the outcome; true if it was saved. */
export async function savePin(
  command: RecordCommand,
  extension: Extension,
  source: PinSource,
  save: (hash: string) => Promise<EditOutcome>,
): Promise<boolean> {
  const { pin: policy } = command.needs.config('look')
  const pin = source === 'given' ? new Secret((await text(process.stdin)).trim()) : issuePin(extension, policy)
  const weakness = weaknessOf(pin, extension, policy)
  if (weakness !== null) {
    reportRefusal(command, [weaknessWords(weakness, policy)])
    return false
  }
  return reportSaved(command, await save(await hashPin(pin)), source === 'issued' ? { pin: pin.reveal() } : {})
}

/** Why a PIN is refused. */
export function weaknessWords(weakness: PinWeakness, { minDigits, maxDigits }: PinPolicy): string {
  switch (weakness) {
    case 'wrong-length':
      return `a PIN has ${minDigits} to ${maxDigits} digits`
    case 'all-the-same':
      return 'a PIN of one repeated digit is too easy to guess'
    case 'running-digits':
      return 'a PIN of consecutive digits is too easy to guess'
    case 'own-extension':
      return 'the PIN must differ from the extension'
  }
}
