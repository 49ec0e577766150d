const width = 80

/**
 * The text of a help page, at most 80 columns wide: paragraphs are wrapped, and a remark behind an example that is too long moves to the next
 * line. The words of a command line are never wrapped.
 */
export function fitted(help: string): string {
  return help
    .split(/(^\n+|\n{2,})/)
    .map((part) => (/^\S/.test(part) ? fittedBlock(part) : part.split('\n').map(fittedLine).join('\n')))
    .join('')
}

/** A paragraph, or a title with indented lines below. */
function fittedBlock(block: string): string {
  const lines = block.split('\n')
  const indented = lines.findIndex((line) => line.startsWith(' '))
  const prose = indented === -1 ? lines : lines.slice(0, indented)
  return [wrapped(prose), ...lines.slice(prose.length).map(fittedLine)].join('\n')
}

function wrapped(lines: readonly string[]): string {
  if (lines.every((line) => line.length <= width)) return lines.join('\n')
  const filled: string[] = []
  for (const word of lines.join(' ').split(' ')) {
    const last = filled.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) filled.push(word)
    else filled[filled.length - 1] = `${last} ${word}`
  }
  return filled.join('\n')
}

/** `  hotdesk status      remark` */
function fittedLine(line: string): string {
  if (line.length <= width) return line
  const gap = line.indexOf('   ', 2)
  if (gap === -1) return line
  const [example, remark] = [line.slice(0, gap), line.slice(gap).trim()]
  return example.length + 3 + remark.length <= width ? `${example}   ${remark}` : `${example}\n      ${remark}`
}
