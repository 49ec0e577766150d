import { readFileSync } from 'node:fs'

/** One library of three sources; the first declares what the others use. */
const code = ['hotdesk.lua', 'attempts.lua', 'nodes.lua'].map((file) => readFileSync(new URL(file, import.meta.url), 'utf8')).join('\n')

/** The function library that the store keeps loaded in Redis. */
export const hotdeskLibrary = { name: 'hotdesk', version: versionIn(code), code } as const

function versionIn(source: string): number {
  return Number(/^local VERSION = (\d+)$/m.exec(source)?.[1])
}
