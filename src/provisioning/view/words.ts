import type { Language } from '../../base/language.js'

/** Labels of keys. Displays have room for some ten letters. */
const words = {
  login: { en: 'Login', de: 'Anmelden', fr: 'Connexion', es: 'Entrar' },
  logout: { en: 'Logout', de: 'Abmelden', fr: 'Déconnexion', es: 'Salir' },
  line: { en: 'Line', de: 'Leitung', fr: 'Ligne', es: 'Línea' },
  park: { en: 'Park', de: 'Parken', fr: 'Parcage', es: 'Aparcar' },
  pickUp: { en: 'Pick up', de: 'Übernahme', fr: 'Intercepter', es: 'Capturar' },
  forward: { en: 'Forward', de: 'Umleitung', fr: 'Renvoi', es: 'Desvío' },
  doNotDisturb: { en: 'Do not disturb', de: 'Bitte nicht stören', fr: 'Ne pas déranger', es: 'No molestar' },
  notHere: { en: 'Not here', de: 'Nicht hier', fr: 'Pas ici', es: 'Aquí no' },
} as const satisfies Record<string, Readonly<Record<Language, string>>>

export function word(name: keyof typeof words, language: Language): string {
  return words[name][language]
}
