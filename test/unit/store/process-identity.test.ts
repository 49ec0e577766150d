import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { identityOf, isOfEarlierStart, lifeOf, thisProcess } from '../../../src/base/host/process-identity.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const [boot, namespace, pid, start] = thisProcess().split('.')

it('this process is alive', () => expect(lifeOf(thisProcess())).toBe('alive'))

it('another process is alive until it ends', async () => {
  const child = spawn('sleep', ['60'])
  const identity = identityOf(child.pid ?? 0)
  expect(lifeOf(identity)).toBe('alive')
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await gone
  expect(lifeOf(identity)).toBe('gone')
})

it('a process that gets the id of an ended process is another process', () => {
  expect(lifeOf([boot, namespace, pid, '1'].join('.'))).toBe('gone')
})

it('a process is alive whatever the name of its program', async () => {
  const program = join(temporaryFolder('program'), 'a) Z (b')
  symlinkSync('/bin/sleep', program)
  const child = spawn(program, ['60'])
  await once(child, 'spawn')
  expect(lifeOf(identityOf(child.pid ?? 0))).toBe('alive')
  child.kill()
})

it.each([`${boot}.1.${pid}.${start}`, 'elsewhere.1.1.1', 'nonsense', ''])('nothing can be learned here about "%s"', (identity) =>
  expect(lifeOf(identity)).toBe('unknown'),
)

it.each([
  ['of this start of the machine', thisProcess(), false],
  ['of another container on this machine', `${boot}.1.1.1`, false],
  ['of a start before this one, or of another machine', `deadbeef.${namespace}.1.1`, true],
  ['of a system that does not name its starts', 'deadbeef.0.1.0', false],
  ['that is malformed', 'elsewhere.1.1.1', false],
])('an identity %s shows whether its process is of an earlier start', (_, identity, expected) =>
  expect(isOfEarlierStart(identity)).toBe(expected),
)
