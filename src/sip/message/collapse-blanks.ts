/** A longer run of blanks is not layout. */
const longest = 16
const longRun = /[ \t]{16}/

/**
 * Protects a reader whose regular expressions are slow on long runs of blanks: if the header of a printed message has such a run, each run
 * and each fold becomes one blank. Any other message is returned unchanged.
 */
export function collapseBlanks(message: Buffer): Buffer {
  if (!mayHaveLongRun(message)) return message
  const end = message.indexOf('\r\n\r\n', 0, 'latin1')
  const head = message.toString('latin1', 0, end < 0 ? message.length : end).replace(/\r\n(?=[ \t])/g, '  ')
  if (!longRun.test(head)) return message
  const collapsed = head
    .replace(/[ \t]+/g, ' ')
    .replaceAll(' \r\n', '\r\n')
    .trimEnd()
  return Buffer.concat([Buffer.from(collapsed, 'latin1'), end < 0 ? Buffer.alloc(0) : message.subarray(end)])
}

const stride = 4

/**
 * A quick check, because every message for the application passes here and hardly any has such a run. Of sixteen characters in a row, four
 * are at multiples of four, so only those are read. A line break counts as a blank, because it may be a fold.
 */
function mayHaveLongRun(message: Buffer): boolean {
  let inRow = 0
  for (let at = 0; at < message.length; at += stride) {
    const code = message[at]
    inRow = code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a ? inRow + 1 : 0
    if (inRow * stride === longest) return true
  }
  return false
}
