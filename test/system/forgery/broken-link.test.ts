import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CutWire, openCutWire } from '../../support/net/cut-wire.js'
import { converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

/** The node has its SIP server elsewhere (`drachtio: tcp://…`), and the network between the two breaks. */
describe('a broken link to the SIP server', () => {
  let office: TestOffice
  let stage: SipdStage
  let wire: CutWire
  let node: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    stage = await openSipdStage()
    wire = await openCutWire(stage.sipd.admin.port)
    node = await office.node('paris-1', 'paris', {
      env: { HOTDESK_DRACHTIO: `tcp://127.0.0.1:${wire.port}`, HOTDESK_DRACHTIO_SECRET: 'cymru' },
    })
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await wire.close()
    await stage.close()
  })

  it('ends no call, and neither a call that is being set up nor a registration notices', async () => {
    const call = await converse(desk1, '101', desk2)
    for (let cut = 1; cut <= 3; cut += 1) {
      wire.cut()
      expect((await call.caller.dialog.request('OPTIONS')).status).toBe(200)
      await node.logged('sip.resumed')
    }
    await expectUndisturbed(call)
    await hangUp(call)
    const dialling = converse(desk2, '100', desk1)
    wire.cut()
    const again = await dialling
    wire.cut()
    expect((await desk1.register()).status).toBe(200)
    await hangUp(again)
    process.stdout.write(`the link was cut ${wire.cuts} times: 2 calls, none lost\n`)
    expect(node.output()).not.toMatch(/"event":"(sip\.lost|call\.fault|node\.fault)"/)
  }, 60_000)
})
