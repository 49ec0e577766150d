import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createConsistencyCheck } from '../../../src/hotdesk/reconcile/consistency.js'
import { createReplica, type WritableReplica } from '../../../src/store/copy/replica.js'
import { createManualClock } from '../../support/process/manual-clock.js'

type Fields = Readonly<Record<string, string>>

function replicaOf(users: Fields, devices: Fields): WritableReplica {
  const replica = createReplica({
    clock: createManualClock(),
    onFault: (fault) => {
      throw fault
    },
  })
  replica.put([
    ['users', new Map(Object.entries(users))],
    ['devices', new Map(Object.entries(devices))],
  ])
  return replica
}

const oddIn = (replica: WritableReplica): readonly string[] =>
  createConsistencyCheck(replica)
    .mismatches()
    .map((oddity) => oddity.join(' '))
    .sort()

describe('the mirror', () => {
  it.each<[Fields, Fields, readonly string[]]>([
    [{}, {}, []],
    [{ '100': 'HD0001' }, { HD0001: '100' }, []],
    [{ '100': 'HD0001 HD0002' }, { HD0001: '100', HD0002: '100' }, []],
    [{ '100': 'HD0001' }, {}, ['users 100']],
    [{}, { HD0001: '100' }, ['devices HD0001']],
    [{ '100': 'HD0001' }, { HD0001: '101' }, ['devices HD0001', 'users 100']],
    [{ '100': 'HD0001' }, { HD0001: '100', HD0002: '100' }, ['devices HD0002']],
    [{ '100': 'HD0001 HD0001' }, { HD0001: '100' }, ['users 100']],
    [{}, { HD0001: 'Bob' }, ['devices HD0001']],
  ])('of users %j and devices %j: without a counterpart are %j', (users, devices, expected) => {
    expect(oddIn(replicaOf(users, devices))).toEqual(expected)
  })

  it('finds after any changes what a full comparison finds', () => {
    const user = fc.constantFrom('100', '101', '102')
    const phone = fc.constantFrom('HD0001', 'HD0002', 'HD0003')
    const phones = fc.array(phone, { minLength: 1, maxLength: 2 }).map((list) => list.join(' '))
    const change = fc.oneof(
      fc.tuple(fc.constant('users' as const), user, fc.option(phones)),
      fc.tuple(fc.constant('devices' as const), phone, fc.option(user)),
    )
    // One step in Redis arrives as one set of changes.
    const steps = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 25 })
    fc.assert(
      fc.property(steps, (sequence) => {
        const replica = replicaOf({}, {})
        const mirror = createConsistencyCheck(replica)
        for (const step of sequence) {
          replica.put(
            [],
            step.map(([key, field, value]) => [key, new Map([[field, value]])] as const),
          )
          const known = mirror.mismatches().map((oddity) => oddity.join(' '))
          expect(known.sort()).toEqual(oddIn(replica))
        }
      }),
      { numRuns: 300 },
    )
  })
})
