import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { floodRequest, forgedAddresses, startFlood } from '../../support/net/flood.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

const long = (length: number): string => 'a'.repeat(length)

/** What strangers can leave in the memory of a node. */
describe('thousands of requests from unknown sources, each with another long name', () => {
  let office: TestOffice
  let node: TestNode
  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
  }, 60_000)
  afterAll(() => office.close())

  const rss = async (): Promise<number> => (await metricOf(node, 'process_resident_memory_bytes')) / 1024 / 1024

  const received = (): Promise<number> => metricOf(node, 'hotdesk_sip_messages_total{kind="request"}')

  /** Goes on until so many megabytes have arrived: the system drops what the node does not take in time. */
  async function flood(message: string, megabytes: number): Promise<void> {
    const end = (await received()) + (megabytes * 1024 * 1024) / message.length
    const running = await startFlood({ target: node.udp, addresses: forgedAddresses(500), perSecond: 3_000, message })
    await until(`${megabytes} MB came`, received, (count) => count >= end, 30_000)
    await running.stop()
  }

  async function growthBy(message: string, megabytes: number): Promise<number> {
    const before = await rss()
    await flood(message, megabytes)
    return (await rss()) - before
  }

  it.each([
    [
      'REGISTERs with From and To users of 7 kB',
      floodRequest('REGISTER', 'sip:hotdesk.test').replaceAll('<sip:somebody@hotdesk', `<sip:{n}${long(7_000)}@hotdesk`),
    ],
    ['INVITEs with bodies of 15 kB', floodRequest('INVITE', 'sip:101@hotdesk.test', ['Content-Type: application/sdp'], long(15_000))],
  ])(
    '%s: they stay in no memory',
    async (_what, message) => {
      // What the program needs to do this at all is there afterwards.
      await flood(message, 25)
      // What is kept makes memory grow in each round; garbage that waits for its collection does so in the first ones.
      const grown = [await growthBy(message, 50), await growthBy(message, 50), await growthBy(message, 50)]
      process.stdout.write(`three times 50 MB came; memory has grown by ${grown.map((each) => each.toFixed(0)).join(', ')} MB\n`)
      expect(Math.min(...grown)).toBeLessThan(25)
    },
    60_000,
  )

  it('what is kept of sources has an end, and is measured', async () => {
    const remembered = await metricOf(node, 'hotdesk_sip_remembered_sources')
    expect(remembered).toBeGreaterThan(500)
    expect(remembered).toBeLessThan(10_000)
  })
})
