/** `2s`, `1500ms` as milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  const parts = /^(\d{1,6})(ms|s)$/.exec(text)
  return parts ? Number(parts[1]) * (parts[2] === 's' ? 1000 : 1) : null
}
