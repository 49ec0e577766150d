import { readFileSync } from 'node:fs'

const code = readFileSync(new URL('./hotdesk.lua', import.meta.url), 'utf8')

/** The function library that the store keeps loaded in Redis. */
export const hotdeskLibrary = { name: 'hotdesk', version: versionIn(code), code } as const

function versionIn(source: string): number {
  return Number(/^local VERSION = (\d+)$/m.exec(source)?.[1])
}
