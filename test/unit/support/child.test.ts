import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { tied } from '../../support/process/child.js'

const starter = `
  const child = require('node:child_process').spawn(...JSON.parse(process.argv[1]), { stdio: 'ignore' })
  child.once('spawn', () => console.log(child.pid))
  setInterval(() => {}, 1000)`

it('what a test has started ends when its worker is killed', async () => {
  const worker = spawn(...tied(process.execPath, ['-e', starter, JSON.stringify(tied('sleep', ['60']))]), {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [pid] = (await once(createInterface({ input: worker.stdout }), 'line')) as [string]
  await expect.poll(() => readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n')
  worker.kill('SIGKILL')
  await once(worker, 'exit')
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
})

it('no test support starts a program that is not tied to its worker', () => {
  const folder = resolve(import.meta.dirname, '../../support')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const loose = files.filter((file) => /\bspawn\((?!\.\.\.tied\()/.test(readFileSync(join(folder, file), 'utf8')))
  expect(loose).toEqual([])
})
