/** Stands for a secret, whatever its length. Valid in a URI, so that other programs can still read the message. */
export const blanked = 'xxxx'

/** The same number of characters, and the same lines. */
export function crossedOut(text: string): string {
  return text.replace(/[^\r\n]/g, 'x')
}
