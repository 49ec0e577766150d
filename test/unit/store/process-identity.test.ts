import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { identityOf, lifeOf, thisProcess } from '../../../src/base/process-identity.js'

it('this process is alive', () => expect(lifeOf(thisProcess())).toBe('alive'))

it('another process is alive until it ends, and gone then', async () => {
  const child = spawn('sleep', ['60'])
  const identity = identityOf(child.pid ?? 0)
  expect(lifeOf(identity)).toBe('alive')
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await gone
  expect(lifeOf(identity)).toBe('gone')
})

it('a process that was given the number of one that ended is another process', () => {
  const [boot, namespace, pid] = thisProcess().split('.')
  expect(lifeOf([boot, namespace, pid, '1'].join('.'))).toBe('gone')
})

it.each(['elsewhere.1.1.1', 'nonsense', ''])('of "%s" nothing can be learned from here', (identity) =>
  expect(lifeOf(identity)).toBe('unknown'),
)
