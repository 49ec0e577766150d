import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hotdeskLibrary } from '../../../src/hotdesk/hotdesk.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type Installation, installLibrary } from '../../../src/store/store.js'
import { converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import { logIn } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { untilReadiness } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { copyProgram, type ProgramCopy } from '../../support/node/program-copy.js'

const { version } = hotdeskLibrary
let office: TestOffice
const copies: ProgramCopy[] = []

beforeAll(async () => {
  office = await openTestOffice()
}, 60_000)
afterAll(async () => {
  await office.close()
  for (const copy of copies) await copy.close()
})

/** The built program, changed. */
async function changedProgram(change: (folder: string) => Promise<void>): Promise<string> {
  const copy = await copyProgram()
  copies.push(copy)
  await change(join(copy.folder, 'dist/hotdesk'))
  return copy.program
}

/** A program as it was before the last change of the functions: its library has the version before, and other content. */
function olderProgram(): Promise<string> {
  return changedProgram(async (folder) => {
    const file = join(folder, 'library.js')
    const text = await readFile(file, 'utf8')
    expect(text).toContain(`${version}: '`)
    await writeFile(file, text.replace(`${version}: '`, `${version - 1}: '`))
    const library = join(folder, 'functions/library.lua')
    await writeFile(library, (await readFile(library, 'utf8')).replace(`VERSION = ${version}`, `VERSION = ${version - 1}`))
    await appendFile(join(folder, 'functions/nodes.lua'), '\n-- older\n')
  })
}

/** As `hotdesk redis install` does it. */
function install(override: 'nothing' | 'now'): Promise<Installation> {
  const { place: redis } = office.redis
  if (redis.kind === 'embedded') throw new Error('the test has a Redis of its own')
  return installLibrary({ redis, network: 'hd', functions: hotdeskLibrary, override })
}

const contentInRedis = (): Promise<string> => office.redis.cli('FUNCTION', 'LIST', 'WITHCODE')

describe('a program with changed functions under the version of the others', () => {
  it('does not start beside them, and leaves their functions alone', async () => {
    const node = await office.node('paris-1')
    const program = await changedProgram((folder) => appendFile(join(folder, 'functions/nodes.lua'), '\n-- changed\n'))
    for (const env of [{ HOTDESK_REDIS_FUNCTIONS: 'check' }, { HOTDESK_REDIS_FUNCTIONS: 'install' }])
      await expect(office.node('paris-2', 'paris', { program, env })).rejects.toThrow(
        /with other content \([0-9a-f]{12}\) than this program/,
      )
    expect(await contentInRedis()).not.toContain('-- changed')
    await untilReadiness(node, 200)
    await node.stop()
  })
})

describe('a rolling update', () => {
  let old: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    await office.redis.cli('FUNCTION', 'DELETE', 'hotdesk')
    const program = await olderProgram()
    old = await office.node('paris-1', 'paris', { program, env: { HOTDESK_REDIS_FUNCTIONS: 'install' } })
    expect(await office.redis.cli('FCALL', 'hotdesk_version', '1', '{hd}')).toBe(String(version - 1))
    desk1 = await office.phone('HD0001', old)
    desk2 = await office.phone('HD0002', old)
    await logIn(desk1, '100')
    await logIn(desk2, '101')
  }, 60_000)

  it('is refused with clear words as long as the older program has its functions in Redis', async () => {
    await expect(office.node('paris-2')).rejects.toThrow(
      /this program has \d+ \(STORE_FUNCTIONS\)\n {2}→ run `hotdesk -c \S+ redis install`/,
    )
    expect(await install('nothing')).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringContaining('{hd}:node:paris-1') as unknown,
    })
    expect(await contentInRedis()).toContain('-- older')
    await untilReadiness(old, 200)
  })

  it('keeps the calls of the older node, and lets it make new ones, when the functions are installed all the same', async () => {
    const call = await converse(desk1, '101', desk2)
    expect(await install('now')).toMatchObject({ outcome: 'INSTALLED', before: version - 1 })
    await expect.poll(async () => (await untilReadiness(old, 503)).reasons.join(), { timeout: 5_000 }).toContain('update this node')
    await expectUndisturbed(call)
    await hangUp(call)
    await hangUp(await converse(desk2, '100', desk1))
    expect(await office.redis.cli('FCALL', 'hotdesk_version', '1', '{hd}')).toBe(String(version))
  })

  it('ends with the newer node at work beside the older one, whose functions never come back', async () => {
    const newer = await office.node('paris-2')
    await untilReadiness(newer, 200)
    const desk3 = await office.phone('HD0003', newer)
    await logIn(desk3, '102')
    expect(await old.stop()).toBe(0)
    expect(await contentInRedis()).not.toContain('-- older')
  })
})
