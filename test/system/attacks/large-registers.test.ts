import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, expectUndisturbed, hangUp } from '../../support/node/conversation.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf, until } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

/** A stranger sends REGISTERs as large as a datagram can be, as fast as it can. */
describe('large REGISTERs of a stranger', () => {
  let office: TestOffice
  let node: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    await office.seat({ '100': 'HD0001', '101': 'HD0002' })
  }, 60_000)

  afterAll(() => office.close())

  const registers = 1_500

  const textOf = (index: number, protocol: 'UDP' | 'TCP'): string => {
    const body = 'x'.repeat(62_000)
    const head = [
      'REGISTER sip:hotdesk.example SIP/2.0',
      `Via: SIP/2.0/${protocol} 127.0.0.66:5060;rport;branch=z9hG4bK-${protocol}-${index}`,
      'From: <sip:HD0001@hotdesk.example>;tag=1',
      'To: <sip:HD0001@hotdesk.example>',
      `Call-ID: ${protocol}-${index}@127.0.0.66`,
      'CSeq: 1 REGISTER',
      'Max-Forwards: 70',
      `Content-Length: ${body.length}`,
    ]
    return `${head.join('\r\n')}\r\n\r\n${body}`
  }

  /** REGISTERs that the application has heard of. */
  async function heard(): Promise<number> {
    const text = await (await fetch(`${node.http}/metrics`)).text()
    return Array.from(text.matchAll(/^hotdesk_registrations_total\{.*\} (\d+)$/gm)).reduce((sum, [, count]) => sum + Number(count), 0)
  }

  async function floodDatagrams(): Promise<void> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.66', resolve))
    const port = Number(node.udp.split(':')[1])
    for (let sent = 0; sent < registers; sent += 1)
      await new Promise((resolve) => socket.send(textOf(sent, 'UDP'), port, '127.0.0.1', resolve))
    await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  /** All arrive, over ten connections. They may be closed meanwhile. */
  async function floodStreams(): Promise<void> {
    const port = Number(node.address('tcp').split(':')[1])
    const streams = Array.from({ length: 10 }, (_, line) => floodStream(port, line))
    await Promise.all(streams)
  }

  function floodStream(port: number, line: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.66' })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.on('connect', () => {
        for (let sent = 0; sent < registers / 10; sent += 1) socket.write(textOf(line * registers + sent, 'TCP'))
        socket.write('\r\n\r\n', () => socket.end())
      })
      socket.resume()
    })
  }

  it.each([
    ['UDP', floodDatagrams],
    ['TCP', floodStreams],
  ] as const)(
    'over %s end no call: what stands goes on, and new calls are set up afterwards',
    async (protocol, flood) => {
      const call = await converse(desk1, '101', desk2)
      const heardBefore = await heard()
      const began = performance.now()
      await flood()
      const tookMs = performance.now() - began
      const asked = performance.now()
      expect((await call.caller.dialog.request('OPTIONS')).status).toBe(200)
      const afterMs = performance.now() - asked
      await expectUndisturbed(call)
      // The SIP server refuses them: none goes over the link to the application.
      expect((await heard()) - heardBefore).toBe(0)
      const unread = await metricOf(node, 'hotdesk_sip_unread_bytes')
      const resumptions = await metricOf(node, 'hotdesk_sip_resumptions_total')
      process.stdout.write(
        `${registers} REGISTERs of 62 kB over ${protocol} in ${tookMs.toFixed(0)} ms: the call answers after ${afterMs.toFixed(0)} ms; ${unread} bytes unread, ${resumptions} resumptions\n`,
      )
      expect(node.output()).not.toMatch(/"event":"(sip\.lost|node\.fault|call\.fault)"/)
      await hangUp(call)
      await until(
        'nothing waits',
        () => metricOf(node, 'hotdesk_sip_unread_bytes'),
        (bytes) => bytes < 100_000,
      )
      await hangUp(await converse(desk2, '100', desk1))
    },
    60_000,
  )
})
