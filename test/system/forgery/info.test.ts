import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { inDialog, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** A caller sends INFO with a body that is made to be slow to read. */
describe('INFO with a large body', () => {
  let office: TestOffice
  let node: TestNode
  let peer: SipPeer
  let phone: RawPhone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['BYE', 'NOTIFY'])
    phone = createRawPhone({ peer, device: 'HD0001', password: passwordOf('HD0001'), domain })
    await phone.register()
  }, 60_000)

  afterAll(async () => {
    await peer.close()
    await office.close()
  })

  it('gets 413, and neither the call nor the node stands still', async () => {
    const { invite, answer } = await phone.dial('*77*100*').final
    expect(answer.status).toBe(200)
    let cseq = invite.cseq.number
    const info = async (body: string, status: number): Promise<number> => {
      const began = performance.now()
      cseq += 1
      const request = peer.request(inDialog(invite, answer, { method: 'INFO', cseq, body }))
      request.set('Content-Type', 'application/dtmf-relay')
      peer.send(request)
      await peer.hearsResponse(status, 'INFO')
      return performance.now() - began
    }
    const bodies = ['\r\n'.repeat(30_000), ' \t'.repeat(30_000), 'signal '.repeat(8_000), `Signal=${'1'.repeat(1_100)}`]
    const took: number[] = []
    for (const body of bodies) took.push(await info(body, 413))
    process.stdout.write(`INFO of up to 60 kB: answered within ${Math.max(...took).toFixed(1)} ms\n`)
    expect(Math.max(...took)).toBeLessThan(1_000)
    // A body just below the limit is read, and says nothing.
    await info('\r\n'.repeat(512), 200)
    await info('Signal=1\r\nDuration=160\r\n', 200)
    peer.send(peer.request(inDialog(invite, answer, { method: 'BYE', cseq: cseq + 1 })))
  })
})
