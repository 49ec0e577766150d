import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { loadDialplan } from '../../../src/dialplan/dialplan.js'
import { createLampRights } from '../../../src/presence/watched/lamp-rights.js'
import { watchedAt } from '../../../src/presence/watched/watched.js'
import { samplePlanText } from '../../support/node/sample-plan.js'

const text = samplePlanText('paris').replace('shortCodes:\n', 'shortCodes:\n  "*9": { extension: "101" }\n')
const current = loadDialplan({ text, file: 'paris.yaml', log: silentLogger() })
const directory = {
  user: (extension: string) => (['100', '101'].includes(extension) ? {} : null),
  device: (id: string) => (id === 'HD0001' ? {} : null),
}

describe('what an address stands for, for a phone that watches it', () => {
  it.each([
    ['101', { kind: 'user', user: '101' }],
    ['*9', { kind: 'user', user: '101' }],
    ['*8101', { kind: 'user', user: '101' }],
    ['109', null],
    ['HD0001', { kind: 'device', device: 'HD0001' }],
    ['HD0009', null],
    ['*77*', { kind: 'seat' }],
    ['*77', { kind: 'seat' }],
    ['*77*5*', { kind: 'seat' }],
    ['*77*100*', null],
    ['*26', { kind: 'do-not-disturb' }],
    ['#26', { kind: 'do-not-disturb' }],
    ['*21*101#', { kind: 'forward', when: 'always', numbers: ['101'] }],
    ['#21', { kind: 'forward', when: 'always', numbers: [] }],
    ['*701', { kind: 'orbit', lamp: 'park.paris.1' }],
    ['112', null],
    ['00199000099', null],
    ['', null],
    ['lamps', { kind: 'list' }],
  ])('%s', (digits, watched) => {
    expect(watchedAt(digits, { plan: { current }, directory } as never)).toEqual(watched)
  })
})

it.each([
  ['enabled', true],
  ['disabled', false],
])('the %s owner of a phone watches colleagues: %s', (_what, enabled) => {
  const rights = createLampRights({
    plan: { current },
    directory: { user: () => ({ extension: '100', home: 'paris', enabled }) },
    clock: { now: () => 0 },
  } as never)
  const [colleague, owner] = [
    { kind: 'user', user: '101' },
    { device: 'HD0001', user: '100' },
  ] as never as Parameters<typeof rights.mayWatch>
  expect(rights.mayWatch(colleague, owner)).toBe(enabled)
})
