import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Difference } from '../../drachtio/verdict.js'
import { root } from '../../support/repo/source-tree.js'

describe.each(['drachtio-server', 'hotdesk-sipd'])('the differences of %s', (server) => {
  const differences = JSON.parse(readFileSync(join(root, `test/drachtio/${server}.json`), 'utf8')) as readonly Difference[]

  it('name files that are there, reasons, and each test once', () => {
    const keys = differences.flatMap(({ file, titles }) => titles.map((title) => `${file} > ${title}`))
    expect(new Set(keys).size).toBe(keys.length)
    expect(differences.filter(({ reason, titles }) => reason.length < 20 || titles.length === 0)).toEqual([])
    expect(differences.map(({ file }) => file).filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
