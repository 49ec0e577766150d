import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseCase, readCases } from '../../support/world/case-file.js'
import { openWorldStage, type WorldStage } from '../../support/world/stage.js'
import { runCase } from '../../support/world/world.js'

const cases = readCases(new URL('../../fixtures/world/', import.meta.url))

/** Messages of real phones and carriers. One small file a case, see README.md beside them; one node for all. */
describe('a node in the world', () => {
  let stage: WorldStage

  beforeAll(async () => {
    stage = await openWorldStage()
  }, 60_000)

  afterAll(() => stage.close())

  it.each(cases.map((one) => [one.title, one] as const))('%s', (_, one) => runCase(one, stage))

  it('the node has logged no error', () => {
    expect(stage.node.output().match(/^\{"level":"(error|fatal)".*/gm)).toBeNull()
  })

  it.each([
    ['status: 486', /status: 200, expected 486/],
    ['callee: { INVITE: ["^From: .*Mallory"] }', /the callee's INVITE does not fit \^From: \.\*Mallory/],
    ['callee: { INVITE: ["! ^From:"] }', /the callee's INVITE does not fit ! \^From:/],
    ['callee: { UPDATE: ["^UPDATE"] }', /the callee has not seen UPDATE, but: INVITE, ACK, BYE/],
    ['statuses: { BYE: 481 }', /response to BYE: 200, expected 481/],
    ['statuses: { INFO: 200 }', /INFO was never sent/],
  ])('a case that expects %s of a plain call fails', async (expectation, words) => {
    const yaml = `title: A plain call\nsource: none of this world\nscene: phone to phone\nexpect: { ${expectation} }\n`
    await expect(runCase(parseCase('wrong.yaml', yaml), stage)).rejects.toThrow(words)
  })
})
