import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Milliseconds, systemClock } from '../../../src/base/clock.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

let office: TestOffice
let carrier: Carrier
let centre: Phone
let before: TestNode
let desk1: Phone
let desk2: Phone
let seated: Milliseconds

beforeAll(async () => {
  office = await openTestOffice()
  carrier = await openCarrier()
  before = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address) })
  centre = carrier.line('112', before.udp)
  desk1 = await office.phone('HD0001', before)
  desk2 = await office.phone('HD0002', before)
  await office.seat({ 100: 'HD0001', 101: 'HD0002' })
  seated = systemClock.now()
}, 60_000)

afterAll(async () => {
  await office.close()
  await carrier.close()
})

it('when power returns the node starts first, carries an emergency call, and takes its name back when Redis is there', async () => {
  const { redis } = office
  const heartbeat = '{hd}:node:paris-1'
  // The copy of now, with the phones where they are.
  await before.logged('store.saved', ({ time }) => Date.parse(String(time)) > seated)
  await before.kill()
  // What was written before the machine was started again, and would hold the name for ten minutes.
  await redis.cli('HSET', heartbeat, 'process', 'deadbeef.4026531836.1.1')
  await redis.cli('EXPIRE', heartbeat, '600')
  const old = await redis.cli('HGET', heartbeat, 'boot')
  await redis.kill()

  const node = await office.node('paris-1', 'paris', {
    dialplan: planOver(carrier.address),
    env: sameAddresses(before),
    data: join(redis.directory, 'paris-1'),
  })
  // No phone has registered again: the saved copy knows them.
  const dialling = await desk1.dial('112')
  const ringing = await centre.nextCall()
  await redis.start()
  await node.logged('store.connected')
  await expect.poll(() => redis.cli('HGET', heartbeat, 'boot'), { timeout: 10_000 }).not.toBe(old)

  const callee = await ringing.answer()
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Error(`112: ${dialled.answer.status}`)
  const call = { caller: dialled.call, callee }
  await expectSound(call)
  await hangUp(call)
  await hangUp(await converse(desk2, '100', desk1))
  expect(node.running).toBe(true)
})
