import type { Language } from '../../base/language.js'

/** Titles and soft keys, for which displays have room for some ten letters, and short sentences. */
const words = {
  central: { en: 'Directory', de: 'Telefonbuch', fr: 'Annuaire', es: 'Directorio' },
  personal: { en: 'My contacts', de: 'Meine Kontakte', fr: 'Mes contacts', es: 'Mis contactos' },
  calls: { en: 'Calls', de: 'Anrufe', fr: 'Appels', es: 'Llamadas' },
  missed: { en: 'Missed', de: 'Verpasst', fr: 'Manqués', es: 'Perdidas' },
  received: { en: 'Received', de: 'Angenommen', fr: 'Reçus', es: 'Recibidas' },
  dialled: { en: 'Dialled', de: 'Gewählt', fr: 'Composés', es: 'Realizadas' },
  search: { en: 'Search', de: 'Suchen', fr: 'Chercher', es: 'Buscar' },
  nameOrNumber: { en: 'Name or number', de: 'Name oder Nummer', fr: 'Nom ou numéro', es: 'Nombre o número' },
  previous: { en: 'Previous', de: 'Zurück', fr: 'Précédent', es: 'Anterior' },
  next: { en: 'Next', de: 'Weiter', fr: 'Suivant', es: 'Siguiente' },
  dial: { en: 'Dial', de: 'Wählen', fr: 'Appeler', es: 'Llamar' },
  exit: { en: 'Exit', de: 'Ende', fr: 'Quitter', es: 'Salir' },
  nothing: { en: 'No entries', de: 'Keine Einträge', fr: 'Aucune entrée', es: 'Sin entradas' },
  nobody: { en: 'Nobody is logged in', de: 'Niemand ist angemeldet', fr: 'Personne n’est connecté', es: 'Nadie ha iniciado sesión' },
  later: { en: 'Not available now', de: 'Zurzeit nicht verfügbar', fr: 'Indisponible actuellement', es: 'No disponible ahora' },
  anonymous: { en: 'Anonymous', de: 'Anonym', fr: 'Anonyme', es: 'Anónimo' },
} as const satisfies Record<string, Readonly<Record<Language, string>>>

export type PageWord = keyof typeof words

export function pageWord(name: PageWord, language: Language): string {
  return words[name][language]
}
