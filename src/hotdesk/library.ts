import { readFileSync } from 'node:fs'

/** One library of several sources; the first declares what the others use. */
const sources = ['hotdesk.lua', 'attempts.lua', 'nodes.lua', 'leaving.lua', 'operators.lua']
const code = sources.map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n')

/** The function library that the store keeps loaded in Redis. */
export const hotdeskLibrary = { name: 'hotdesk', version: versionIn(code), code } as const

function versionIn(source: string): number {
  return Number(/^local VERSION = (\d+)$/m.exec(source)?.[1])
}
