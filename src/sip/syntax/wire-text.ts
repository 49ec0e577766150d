/** Text as it is kept in a message: UTF-8 with one character for each byte (latin1). */
export function toWireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** Text of a message as people read it. */
export function fromWireText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8')
}
