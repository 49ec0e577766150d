const references: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** Text as XML writes it, in an element or an attribute. Characters that XML forbids, such as controls and lone surrogates, become spaces. */
export function xmlText(text: string): string {
  const allowed = text.replace(/[^\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, ' ')
  return allowed.replace(/[&<>"']/g, (character) => references[character] ?? '')
}
