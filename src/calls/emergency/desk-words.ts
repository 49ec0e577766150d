import type { DeviceId, Extension } from '../../base/identity.js'
import type { Language } from '../../base/language.js'
import type { Clip } from '../../media/media.js'
import type { OwnVoice } from '../own/own-calls.js'

/** What is said about an emergency call. */
export interface SpokenFacts {
  /** The number that was called. */
  readonly number: string
  readonly device: DeviceId | null
  readonly user: Extension | null
  readonly site: string
  /** The number that the emergency centre calls back. */
  readonly shown: string | null
}

/**
 * Names of the prompts, in order: "Emergency call to 1 1 2, from phone H D 0 0 0 1, extension 1 0 0, call back number …". `location-HD0001` and
 * `site-paris` are played only if they have been recorded: there is no text-to-speech.
 */
export function deskWords({ number, device, user, site, shown }: SpokenFacts): readonly string[] {
  return [
    'desk-emergency',
    ...spelled(number),
    ...(device === null ? ['desk-unknown-phone'] : ['desk-phone', ...spelled(device)]),
    ...(user === null ? [] : ['desk-extension', ...spelled(user)]),
    ...(device === null ? [] : [`${location}${device}`]),
    `${place}${site}`,
    ...(shown === null ? [] : ['desk-callback', ...spelled(shown)]),
  ]
}

const location = 'location-'
const place = 'site-'

function spelled(text: string): readonly string[] {
  return Array.from(text.toLowerCase().replace(/[^0-9a-z]/g, ''), (one) => `${/[0-9]/.test(one) ? 'digit' : 'letter'}-${one}`)
}

export function clipsOf(words: readonly string[], language: Language | null, voice: Pick<OwnVoice, 'clip' | 'recording'>): readonly Clip[] {
  const isOptional = (word: string): boolean => word.startsWith(location) || word.startsWith(place)
  return words.flatMap((word) => (isOptional(word) ? (voice.recording(word, language) ?? []) : voice.clip(word, language)))
}
