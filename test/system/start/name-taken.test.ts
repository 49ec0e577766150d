import { afterAll, beforeAll, expect, it } from 'vitest'
import { thisProcess } from '../../../src/base/host/process-identity.js'
import type { Dialling, Incoming, Phone } from '../../../src/softphones/softphone.js'
import { expectSound, hangUp } from '../../support/node/conversation.js'
import { dialRefused } from '../../support/node/login.js'
import { sameAddresses } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

/** A node must end when another process has its name; an emergency call in set-up ends first. */

let office: TestOffice
let carrier: Carrier

beforeAll(async () => {
  office = await openTestOffice()
  carrier = await openCarrier()
}, 60_000)

afterAll(async () => {
  await office.close()
  await carrier.close()
})

function beat(node: string, boot: string, replaces: string, process: string): Promise<string> {
  return office.redis.cli('FCALL', 'hotdesk_join', '1', '{hd}', node, boot, replaces, '60', 'process', process)
}

/** Until the node listens, whatever is sent to it comes back. */
async function dialUntilItRings(desk: Phone, centre: Phone): Promise<[Dialling, Incoming]> {
  const ringing = centre.nextCall()
  for (;;) {
    const dialling = await desk.dial('112')
    const heard = await Promise.race([ringing, dialling.result])
    if (!('outcome' in heard)) return [dialling, heard]
  }
}

/** The centre answers at last, and the two talk. */
async function carried(dialling: Dialling, ringing: Incoming): Promise<void> {
  const callee = await ringing.answer()
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Error(`112: ${dialled.answer.status}`)
  const call = { caller: dialled.call, callee }
  await expectSound(call)
  await hangUp(call)
}

it('a running node that loses its name carries the emergency call that is in set-up, however long that takes, and ends after it', async () => {
  const node = await office.node('paris-1', 'paris', { dialplan: planOver(carrier.address) })
  const centre = carrier.line('112', node.udp)
  const desk = await office.phone('HD0001', node)
  const dialling = await desk.dial('112')
  const ringing = await centre.nextCall()
  const boot = await office.redis.cli('HGET', '{hd}:node:paris-1', 'boot')
  // An earlier start, of a process that lives.
  expect(await beat('paris-1', '000000001', boot, thisProcess())).toBe('JOINED')
  // With every heartbeat, which is every five seconds.
  for (let heartbeat = 0; heartbeat < 3; heartbeat++)
    await node.logged('node.fault', ({ msg }) => msg?.startsWith('another process has the node name') === true)
  await carried(dialling, ringing)
  expect(await node.exited).toBe(1)
})

it('a node that starts carries emergency calls while it waits for its name, and those to their end when it does not get it', async () => {
  const before = await office.node('paris-2', 'paris', { dialplan: planOver(carrier.address) })
  const centre = carrier.line('112', before.udp)
  const [desk1, desk2] = [await office.phone('HD0001', before), await office.phone('HD0002', before)]
  await before.kill()
  await office.redis.cli('DEL', '{hd}:node:paris-2')
  const holder = () => beat('paris-2', '000000001', '-', 'elsewhere.1.1.1')
  await holder()
  const parts = { dialplan: planOver(carrier.address), env: sameAddresses(before) }
  const ended = expect(office.node('paris-2', 'paris', parts)).rejects.toThrow('a node named "paris-2" is running already')

  const [dialling, ringing] = await dialUntilItRings(desk1, centre)
  // An ordinary call waits for the node to open, and hears when it does not.
  const ordinary = dialRefused(desk2, '100')
  await holder()
  expect(await ordinary).toBe(503)
  await carried(dialling, ringing)
  await ended
})
