import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { slowFiles, slowFirst } from '../../support/process/slow-first.js'
import { root } from '../../support/repo/source-tree.js'

it('slow files start first, the longest before the others; these keep their order', () => {
  expect(slowFirst(['a', 'slow', 'b', 'slowest'], (path) => path, ['slowest', 'slow'])).toEqual(['slowest', 'slow', 'a', 'b'])
})

it('each file that is listed as slow exists', () => {
  expect(slowFiles.filter((path) => !existsSync(join(root, path)))).toEqual([])
})
