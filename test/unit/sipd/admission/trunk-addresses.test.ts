import { expect, test } from 'vitest'
import { createTrunkAddresses } from '../../../../src/sipd/transaction/admission/sources/trunk-addresses.js'
import type { Hop } from '../../../../src/sipd/transport/flow.js'
import { createManualClock } from '../../../support/process/manual-clock.js'

const here = { address: '192.0.2.1', port: 5060 }
const hop = (address: string): Hop => ({ protocol: 'udp', remote: { address, port: 5060 }, local: here, advertised: here })

test('a name that cannot be resolved keeps its addresses until it is no longer followed', async () => {
  const clock = createManualClock()
  let isDnsUp = true
  let looked: Promise<unknown> = Promise.resolve()
  const places = createTrunkAddresses({
    find(uri) {
      const answer = isDnsUp ? Promise.resolve([hop('192.0.2.40'), hop('192.0.2.41')]) : Promise.reject(new Error(`no ${uri}`))
      looked = answer.catch(() => undefined)
      return answer
    },
    clock,
    onFound: () => undefined,
    onFault: (fault) => expect.fail(String(fault)),
  })
  const seen = async (): Promise<string[]> => {
    await looked
    await new Promise(setImmediate)
    return places.hops.map(({ remote }) => remote.address)
  }
  places.follow(['sip:trunk.example'])
  expect(await seen()).toEqual(['192.0.2.40', '192.0.2.41'])
  isDnsUp = false
  clock.advance(60_000)
  expect(await seen()).toEqual(['192.0.2.40', '192.0.2.41'])
  places.follow([])
  places.follow(['sip:trunk.example'])
  expect(await seen()).toEqual([])
  places.close()
})
