import type { Language } from '../../base/language.js'
import type { LampWord } from '../watched/lamp-state.js'

type Words = Readonly<Partial<Record<LampWord, string>>>

/** What a phone may display beside a lamp. */
export const words: Readonly<Record<Language, Words>> = {
  en: { ringing: 'Ringing', busy: 'On the phone', 'not-logged-in': 'Not logged in', 'do-not-disturb': 'Do not disturb' },
  de: { ringing: 'Klingelt', busy: 'Im Gespräch', 'not-logged-in': 'Nicht angemeldet', 'do-not-disturb': 'Nicht stören' },
  fr: { ringing: 'Sonne', busy: 'En ligne', 'not-logged-in': 'Non connecté', 'do-not-disturb': 'Ne pas déranger' },
  es: { ringing: 'Sonando', busy: 'Al teléfono', 'not-logged-in': 'Sin sesión', 'do-not-disturb': 'No molestar' },
}
