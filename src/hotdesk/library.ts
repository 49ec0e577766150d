import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The library is these files in this order: the first declares what the others use. */
const sources = ['library', 'assignments', 'attempts', 'automatic-logout', 'nodes', 'operators', 'repair', 'reports']
const sourceText = sources.map((name) => readFileSync(new URL(`functions/${name}.lua`, import.meta.url), 'utf8')).join('')
const versionLine = /^local VERSION = \d+$/m

/**
 * Every version of the library with the SHA-256 of its sources. Each change of a Lua source needs a new version: a line at the end of this
 * list, which test/unit/hotdesk/library.test.ts prints, and the number in functions/library.lua. Nodes refuse a library with their version
 * and other content.
 */
export const libraryVersions: Readonly<Record<number, string>> = {
  5: '4fb3c302dc21ae03be88196db0b82cad4ce76919de9b92ed8af4db7b59c3e6d9',
  6: 'c5c8a7e78b1cb59163e9b48955e23e6d3fa9c1e2cd5b1091dbaed58e1740fa65',
  7: 'c0aeebf2f02304f19369dfa9f6530b31ddf2e8ff6fa9fdda701973ce841c1ce8',
  8: 'd7935db89f23150588499bb93205acad7678cc1af4760522de23bc15188cee2e',
  9: 'cafa1c2c31b9c57bedd9fb1bd626b0ef606067ed4097fbb7fdf7533b1cb02044',
  10: 'f78875ebe4fd8b0bbf11d2c0f685fc36c85fd5ec3850ec9d887b315e4c2fef27',
  11: '1345e90f61ee5d37499ed1730c3aedd3dfe747c7444c0e4f19719ef7a6207dfb',
  12: '6d17982b40dabc8838b2edd2ee1d29a7c087c3d9db77288fc7663fc51e20c1ee',
  13: '720c4dfe7a3d7a03e483ea714f7299394befee2b58832fc378973f553d25b2fd',
  14: '2813638206b2068621f70b83bf5c42ba651139f265c6e05bd664825619a8e482',
  15: 'de9b6003d168876191dc23af7a7dd5982716e10afc8895d40378f74c69d1d319',
  16: '892d1a0833cc8e07a63a21f2a9b5847d839278884bbe7b6c4557449d9cbea70c',
  17: '9c12e17783c468f5d78d40e17688e585e1e4cf831e2253b6dbe43d53355a22d3',
  18: '4029a51aab550b3b800874c347eac021db7320031bea7217beaaa7af55339c92',
}

const version = Math.max(...Object.keys(libraryVersions).map(Number))

/** The SHA-256 that belongs in `libraryVersions`; the version itself does not count. */
export const sourcesHash = createHash('sha256').update(sourceText.replace(versionLine, 'local VERSION = 0')).digest('hex')

/** The function library that this program calls. */
export const hotdeskLibrary = { name: 'hotdesk', version, code: sourceText } as const
