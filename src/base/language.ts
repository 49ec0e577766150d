/** The languages of prompts, phones and directory pages, as ISO 639-1 codes. */
export const languages = ['en', 'de', 'fr', 'es'] as const
export type Language = (typeof languages)[number]

/** Null for any other text. */
export function parseLanguage(text: string): Language | null {
  return languages.find((language) => language === text) ?? null
}
