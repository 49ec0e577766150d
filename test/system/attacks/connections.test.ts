import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createSoftphones, type Softphones } from '../../../src/softphones/softphones.js'
import { type Conversation, converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, readinessOf, until } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'

/** Strangers that connect and say nothing, while phones over TCP register and call. */
describe('thousands of idle connections', () => {
  let office: TestOffice
  let bank: Softphones
  let node: TestNode
  let call: Conversation
  const idle: Socket[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    bank = await createSoftphones({ clock: systemClock, log: silentLogger(), protocol: 'tcp' })
  }, 60_000)

  afterAll(async () => {
    for (const socket of idle) socket.destroy()
    await bank.close()
    await office.close()
  })

  async function connectFrom(address: string, times: number): Promise<void> {
    const [host = '', port = ''] = node.tcp.split(':')
    for (let at = 0; at < times; at += 100) {
      const some = Array.from({ length: 100 }, () => connect({ host, port: Number(port), localAddress: address }))
      for (const socket of some) socket.on('error', () => undefined).resume()
      await Promise.all(some.map((socket) => once(socket, 'connect')))
      idle.push(...some)
    }
  }

  const phone = (device: string) => bank.phone({ device, password: passwordOf(device), node: node.tcp, domain })
  const closed = (): number => idle.filter(({ destroyed }) => destroyed).length

  it('leave a place for phones that come while they are there, for HTTP, and for a call with sound', async () => {
    const [desk1, desk2] = [phone('HD0001'), phone('HD0002')]
    expect((await desk1.register()).status).toBe(200)
    for (let at = 0; at < 4; at += 1) await connectFrom(`127.0.0.${61 + at}`, 1_000)
    // An address that opens more than its share loses its own oldest, and closes nothing of the others.
    await connectFrom('127.0.0.61', 300)
    await until('the oldest 300 are closed', closed, (count) => count >= 300)
    expect((await desk2.register()).status).toBe(200)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
    expect((await readinessOf(node)).status).toBe(200)
    call = await converse(desk1, '101', desk2)
    await expectUndisturbed(call)
  }, 30_000)

  it('are closed after ten seconds in which nothing came; those of phones stay', async () => {
    await until('all idle ones are closed', closed, (count) => count === idle.length, 15_000)
    // The phones share one.
    expect(await metricOf(node, 'hotdesk_sip_connections')).toBe(1)
    await expectUndisturbed(call)
    await hangUp(call)
    expect(await metricOf(node, 'hotdesk_sip_refused_connections_total')).toBe(300)
  }, 30_000)
})
