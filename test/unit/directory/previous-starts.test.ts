import { appendFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { recordStart } from '../../../src/directory/directory.js'
import { keepLog } from '../../support/node/kept-log.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

function life(data: string, boot: string) {
  const { log, lines } = keepLog()
  return { lives: recordStart({ data, boot, log }), lines }
}

it('each start knows those before it, where they ran, and does not count itself', () => {
  const data = join(temporaryFolder('lives'), 'data')
  life(data, 'b1')
  life(data, 'b2')
  appendFileSync(join(data, 'starts'), 'b3 another-machine\n')
  const { lives } = life(data, 'b4')
  expect(['b1', 'b2', 'b3', 'b4', 'b5'].map(lives.machineOf)).toEqual(['here', 'here', 'elsewhere', null, null])
  expect(statSync(join(data, 'starts')).mode & 0o777).toBe(0o600)
})

it('the last fifty of a hundred starts are known', () => {
  const data = temporaryFolder('lives')
  for (let start = 0; start < 100; start += 1) life(data, `b${start}`)
  const { lives } = life(data, 'now')
  expect([49, 50, 99].map((start) => lives.machineOf(`b${start}`))).toEqual([null, 'here', 'here'])
})

it('a folder that cannot be written does not keep the node from starting', () => {
  const data = join(temporaryFolder('lives'), 'data')
  writeFileSync(data, 'this is a file')
  const { lives, lines } = life(data, 'b1')
  expect(lives.machineOf('b0')).toBe(null)
  expect(lines.join('')).toContain('this start could not be recorded')
})
