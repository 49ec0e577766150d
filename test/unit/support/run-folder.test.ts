import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tied } from '../../support/process/child.js'
import { setup } from '../../support/process/run-folder.js'

it('removes everything that a run has left in its folder', async () => {
  const before = tmpdir()
  const tearDown = setup()
  const folder = tmpdir()
  expect(folder).not.toBe(before)
  mkdirSync(join(folder, 'hotdesk-node-1'))
  await tearDown()
  expect([existsSync(folder), tmpdir()]).toEqual([false, before])
})

it('ends a program that a run has left behind, and fails', async () => {
  const tearDown = setup()
  const folder = tmpdir()
  const child = spawn(...tied('sleep', ['60']), { cwd: folder, stdio: 'ignore' })
  await once(child, 'spawn')
  const ended = once(child, 'exit')
  await expect(tearDown()).rejects.toThrow(/left programs behind: .*sleep 60/)
  expect([existsSync(folder), (await ended)[1]]).toEqual([false, 'SIGKILL'])
})
