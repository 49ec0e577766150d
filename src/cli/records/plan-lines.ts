import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Extension } from '../../base/identity.js'
import type { SiteOverview } from '../operator/site-overview.js'

/** Lines of the dial plans on this machine that name the extension, such as its direct number: `paris.yaml:12: "+33155500100": "100"`. */
export function planLinesWith(extension: Extension, sites: readonly Pick<SiteOverview, 'dialplan'>[]): readonly string[] {
  return sites.flatMap(({ dialplan: file }) => {
    if (file === null) return []
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.flatMap((line, at) =>
      numbersIn(withoutComment(line)).includes(extension) ? [`${basename(file)}:${at + 1}: ${line.trim()}`] : [],
    )
  })
}

/** A YAML comment begins with `#` at the start of the line or after a blank. */
function withoutComment(line: string): string {
  const at = Array.from(line.matchAll(/#/g), ({ index }) => index).find((index) => index === 0 || /\s/.test(line.charAt(index - 1)))
  return at === undefined ? line : line.slice(0, at)
}

function numbersIn(text: string): readonly string[] {
  return text.match(/[0-9]+/g) ?? []
}
