import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import { copyProgram, type ProgramCopy } from '../../support/node/program-copy.js'

/** Somebody has taken away prompts of an installed node. */
describe('a node without some of its prompts', () => {
  let office: TestOffice
  let copy: ProgramCopy
  let node: TestNode
  let desk: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    copy = await copyProgram()
    await rm(join(copy.folder, 'prompts/en/ask-pin.wav'))
    await writeFile(join(copy.folder, 'prompts/en/logged-in.wav'), 'RIFF and nothing more')
    node = await office.node('paris-1', 'paris', { program: copy.program })
    desk = await office.phone('HD0001', node)
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await copy.close()
  })

  it.each([
    ['missing', 'ask-pin', /no such file/],
    ['unreadable', 'logged-in', /wav|RIFF|header/i],
  ])('starts, and names in its log the one that is %s', async (_, name, reason) => {
    const line = await node.logged('prompt.missing', ({ prompt }) => prompt === name)
    expect(line).toMatchObject({
      level: 'warn',
      path: join(copy.folder, `prompts/en/${name}.wav`),
      reason: expect.stringMatching(reason) as string,
    })
  })

  it('names no other', () => {
    expect(node.output().match(/"event":"prompt\.missing"/g)).toHaveLength(2)
  })

  it('lets tones be heard instead: one to type the PIN after, two when it is done', async () => {
    const login = await dialAnswered(desk, '*77*100*')
    // 300 ms of a tone are 15 packets; the prompt would be five times as long.
    expect(await login.hears(13)).toBe(true)
    expect(await login.hears(6, 1_000)).toBe(false)
    await login.audio.press(`${pinOf('100')}#`)
    expect(await login.hears(13)).toBe(true)
    await login.ended
    expect(login.audio.heard.audible).toBeLessThan(40)
    expect(await office.redis.cli('FCALL', 'hotdesk_where', '1', '{hd}', '100')).toBe('AT HD0001')
  })

  it('speaks the others', async () => {
    const logout = await dialAnswered(desk, '*77*5*')
    expect(await logout.hears(30)).toBe(true)
    await logout.ended
  })
})
