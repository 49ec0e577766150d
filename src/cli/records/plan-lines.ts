import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Extension } from '../../base/identity.js'
import type { SiteOverview } from '../operator/site-overview.js'

/** Lines of the dial plans on this machine that name the extension, such as its direct number: `paris.yaml:12: "+33155500100": "100"`. */
export function planLinesWith(extension: Extension, sites: readonly Pick<SiteOverview, 'dialplan'>[]): readonly string[] {
  const names = new RegExp(`(?<![0-9])${extension}(?![0-9])`)
  return sites.flatMap(({ dialplan: file }) => {
    if (file === null) return []
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.flatMap((line, at) => (names.test(withoutComment(line)) ? [`${basename(file)}:${at + 1}: ${line.trim()}`] : []))
  })
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s)#.*$/, '')
}
