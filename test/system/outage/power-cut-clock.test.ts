import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

/** Power returns to a machine whose clock has lost its time. */
for (const [word, hours] of [
  ['behind', -2],
  ['ahead', 2],
] as const)
  describe(`a node that starts without Redis, two hours ${word}`, () => {
    let office: TestOffice
    let node: TestNode
    let desk1: Phone
    let desk2: Phone

    beforeAll(async () => {
      office = await openTestOffice()
      node = await office.node('paris-1')
      desk1 = await office.phone('HD0001', node)
      desk2 = await office.phone('HD0002', node)
      await office.seat({ 100: 'HD0001', 101: 'HD0002' })
      await office.follows('reg:HD0002', (registration) => registration !== undefined)
      expect(await node.stop()).toBe(0)
      await office.redis.kill()
      const wrong = `Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + ${hours * 3_600_000} })`
      const preload = `--import=data:text/javascript,${encodeURIComponent(wrong)}`
      node = await office.node('paris-1', 'paris', { env: { ...sameAddresses(node), NODE_OPTIONS: preload } })
      await node.logged('store.restored')
    }, 60_000)

    afterAll(() => office.close())

    it('its phones can be called, as the saved copy knows them and as they register', async () => {
      await hangUp(await converse(desk2, '100', desk1))
      for (const phone of [desk1, desk2]) expect((await phone.register()).status).toBe(200)
      await hangUp(await converse(desk2, '100', desk1))
    })

    it('they can be called when Redis is back, and no phone has registered again', async () => {
      await office.redis.start()
      await node.logged('store.clock')
      await node.logged('store.connected')
      await hangUp(await converse(desk2, '100', desk1))
      await hangUp(await converse(desk1, '101', desk2))
    })
  })
