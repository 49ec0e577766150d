import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { createDirectory } from '../../../src/directory/directory.js'
import { homeRule } from '../../../src/hotdesk/reconcile/home-site-rule.js'
import { createReplica, type WritableReplica } from '../../../src/store/copy/replica.js'
import type { Store } from '../../../src/store/store.js'
import { sealWith } from '../../support/node/default-settings.js'
import { createManualClock } from '../../support/process/manual-clock.js'

const lost = 1_700_000_000_000
const day = 24 * 3_600_000
const minute = 60_000

let replica: WritableReplica
let rule: ReturnType<typeof homeRule>
beforeEach(() => {
  replica = createReplica({
    clock: createManualClock(),
    onFault: (fault) => {
      throw fault
    },
  })
  put({ 'user:102': { home: 'london' } })
  rule = homeRule(createDirectory({ store: { replica } as Partial<Store> as Store, seal: sealWith('of the test'), log: silentLogger() }))
})

function put(records: Readonly<Record<string, Readonly<Record<string, string>>>>): void {
  replica.put(Object.entries(records).map(([key, fields]) => [key, new Map(Object.entries(fields))]))
}

const london = (fields: Readonly<Record<string, string>>) => put({ 'site:london': fields })
const dueOf = (since: number, site = 'paris') => rule.dueOf({ extension: '102' as never, site, since, lastCall: null })

describe('a login away from home ends', () => {
  it('a day after the home site is lost, or after the login if this is later', () => {
    london({ lost: String(lost / 1_000) })
    expect(dueOf(lost - minute)).toEqual([{ at: lost + day, reason: 'home-lost', home: lost }])
    expect(dueOf(lost + 3 * day)).toEqual([{ at: lost + 4 * day, reason: 'home-lost', home: lost }])
    expect(dueOf(lost - minute, 'london')).toEqual([])
  })

  it('ten minutes after the home site returns, if the login began before and the site has homeReturn: return', () => {
    london({ back: String(lost / 1_000) })
    expect(dueOf(lost - minute)).toEqual([])
    london({ back: String(lost / 1_000), homeReturn: 'return' })
    expect(dueOf(lost - minute)).toEqual([{ at: lost + 10 * minute, reason: 'home-return', home: lost }])
    expect(dueOf(lost + minute)).toEqual([])
  })

  it('not at all if no home site is lost or has been', () => {
    expect(rule.isInForce).toBe(false)
    london({ lost: String(lost / 1_000) })
    expect(rule.isInForce).toBe(true)
    london({})
    expect(rule.isInForce).toBe(false)
  })
})

it('a closed rule follows no site any more', () => {
  rule.close()
  london({ lost: String(lost / 1_000) })
  expect(rule.isInForce).toBe(false)
})
