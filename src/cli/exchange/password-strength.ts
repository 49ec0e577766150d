import type { Secret } from '../../base/secret.js'
import { listed } from '../operator/site-warnings.js'

/**
 * The strength of a SIP password. `trivial`: among the first guesses. `weak`: an attacker who has recorded one registration can find it
 * with a graphics card in days (MD5 digests of RFC 3261 are fast to compute). The rule is small on purpose: passwords of phones
 * come from generators and spreadsheets, and a dictionary would weigh more than the rest of the program.
 */
export type PasswordStrength = 'good' | 'weak' | 'trivial'

const weakBits = 60
const fewestCharacters = 5
/** A name with up to this many other characters is as weak as the name. */
const mostAdded = 4

/** From lists of default passwords of phones and telephone systems, without digits and signs at the end. */
const wellKnown = [
  'password',
  'passwort',
  'motdepasse',
  'secret',
  'welcome',
  'changeme',
  'letmein',
  'qwerty',
  'qwertyui',
  'qwertyuiop',
  'azertyui',
  'azertyuiop',
  'qwertzui',
  'iloveyou',
  'admin',
  'administrator',
  'default',
  'asterisk',
  'freepbx',
  'voip',
  'phone',
  'telephone',
  'telefon',
  'extension',
  'hotdesk',
  'test',
]

export function passwordStrength(password: Secret, device: string): PasswordStrength {
  const text = password.reveal()
  const plain = text.toLowerCase()
  if (new Set(plain).size < fewestCharacters || isRunning(plain) || isName(plain, device.toLowerCase())) return 'trivial'
  if (wellKnown.some((word) => isName(plain, word) || isName(unmasked(plain), word))) return 'trivial'
  return text.length * Math.log2(alphabetOf(text)) < weakBits ? 'weak' : 'good'
}

/** `12345678`, `abcdefgh`, `87654321`: each character follows the one before it; `0` may follow `9`. */
function isRunning(text: string): boolean {
  const codes = Array.from(text.replaceAll('90', '9:'), (character) => character.charCodeAt(0))
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0))
  return steps.every((step) => step === 1) || steps.every((step) => step === -1)
}

function isName(text: string, name: string): boolean {
  return text.includes(name) && text.length - name.length <= mostAdded
}

/** `p4$$w0rd` is `password`. */
function unmasked(text: string): string {
  const letters: Readonly<Record<string, string>> = {
    '0': 'o',
    '1': 'l',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '7': 't',
    '@': 'a',
    $: 's',
    '!': 'i',
  }
  return text.replace(/[013457@$!]/g, (sign) => letters[sign] ?? sign)
}

/** The number of characters to choose from. */
function alphabetOf(text: string): number {
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^A-Za-z0-9]/, 32],
  ]
  return kinds.reduce((sum, [kind, size]) => sum + (kind.test(text) ? size : 0), 0)
}

export const trivialWords = 'is too easy to guess; use 12 or more characters, or leave it out and let --issue generate one'

/** Warns of weak or shared passwords. They are accepted, because a phone that uses one must not be locked out. */
export function passwordWarnings(written: ReadonlyMap<string, Secret>): readonly string[] {
  const devices = [...written]
  const weak = devices.flatMap(([id, password]) => (passwordStrength(password, id) === 'good' ? [] : [id]))
  const texts = devices.map(([, password]) => password.reveal())
  const uses = new Map<string, number>()
  for (const text of texts) uses.set(text, (uses.get(text) ?? 0) + 1)
  const shared = devices.flatMap(([id], at) => ((uses.get(texts[at] ?? '') ?? 0) > 1 ? [id] : []))
  return [
    ...(weak.length > 0 ? [`${listed(weak)}: the password is weak; give the phone a new one with hotdesk device password`] : []),
    ...(shared.length > 0 ? [`${listed(shared)}: the same password on several phones, so each can impersonate the others`] : []),
  ]
}
