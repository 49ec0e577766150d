/** `5:hello,` as `ctrl_tcp` wants it. */
export function netstring(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`
}

/** The whole ones at the front, and what is left of one that has not come whole yet. */
export function takeNetstrings(data: Buffer): { readonly texts: readonly string[]; readonly rest: Buffer } {
  const texts: string[] = []
  let rest = data
  for (;;) {
    const colon = rest.indexOf(':')
    const length = Number(rest.toString('latin1', 0, colon))
    if (colon === -1 || rest.length < colon + 1 + length + 1) return { texts, rest }
    texts.push(rest.toString('utf8', colon + 1, colon + 1 + length))
    rest = rest.subarray(colon + 1 + length + 1)
  }
}
