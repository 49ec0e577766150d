import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { openWatcher, stateIn, type Watcher } from '../../support/sip/watcher.js'

/** 100 sits at HD0001, 101 at HD0002, and 102 at HD0003, which watches. Nobody sits at HD0004. */
describe('a lamp', () => {
  let office: TestOffice
  let node: TestNode
  let alice: Phone
  let bob: Phone
  let watcher: Watcher

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    alice = await office.phone('HD0001', node)
    bob = await office.phone('HD0002', node)
    await office.seat({ 100: 'HD0001', 101: 'HD0002', 102: 'HD0003' })
  }, 60_000)

  afterAll(() => office.close())

  beforeEach(async () => {
    watcher = await openWatcher({ device: 'HD0003', password: passwordOf('HD0003'), domain, port: Number(node.udp.split(':')[1]) })
    return () => watcher.close()
  })

  it('of a user blinks while their phone rings, is lit during the call, and goes out', async () => {
    const watch = await watcher.subscribe('101')
    expect(watch.final.status).toBe(200)
    expect(stateIn(await watch.next())).toBe('terminated')
    const call = await converse(alice, '101', bob)
    const early = (await watch.shows('early')).body.toString()
    expect(early).toContain('direction="recipient"')
    expect(early).toContain('<identity display="Alice">sip:100@hotdesk.test</identity>')
    await watch.shows('confirmed')
    await hangUp(call)
    await watch.shows('terminated')
  })
})
