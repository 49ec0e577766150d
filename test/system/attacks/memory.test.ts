import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { floodRequest, forgedAddresses, startFlood } from '../../support/flood.js'
import type { TestNode } from '../../support/node.js'
import { metricOf } from '../../support/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/office.js'

const long = (length: number): string => 'a'.repeat(length)

/** What strangers can leave in the memory of a node. */
describe('thousands of requests of strangers, each with another long name', () => {
  let office: TestOffice
  let node: TestNode
  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
  }, 60_000)
  afterAll(() => office.close())

  const rss = async (): Promise<number> => (await metricOf(node, 'process_resident_memory_bytes')) / 1024 / 1024

  async function flood(message: string, ms: number): Promise<number> {
    const running = await startFlood({ target: node.udp, addresses: forgedAddresses(500), perSecond: 1_500, message })
    await pause(systemClock, ms)
    return (await running.stop()).sentBytes / 1024 / 1024
  }

  it.each([
    [
      'REGISTERs with To users of 7 kB',
      floodRequest('REGISTER', 'sip:hotdesk.test').replace('To: <sip:somebody@', `To: <sip:{n}${long(7_000)}@`),
    ],
    ['INVITEs with bodies of 15 kB', floodRequest('INVITE', 'sip:101@hotdesk.test', ['Content-Type: application/sdp'], long(15_000))],
  ])(
    '%s: they stay in no memory',
    async (_what, message) => {
      // What the program needs to do this at all is there afterwards.
      await flood(message, 1_000)
      const before = await rss()
      const sent = await flood(message, 2_500)
      const grown = (await rss()) - before
      process.stdout.write(`${sent.toFixed(0)} MB came; memory has grown by ${grown.toFixed(0)} MB\n`)
      expect(grown).toBeLessThan(60)
    },
    30_000,
  )

  it('what is kept of sources has an end, and is measured', async () => {
    const remembered = await metricOf(node, 'hotdesk_sip_remembered_sources')
    expect(remembered).toBeGreaterThan(500)
    expect(remembered).toBeLessThan(10_000)
  })
})
