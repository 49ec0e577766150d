import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTelephoneEvent } from '../../../src/media/dtmf/telephone-event.js'
import { eventOfKey, parseKey } from '../../../src/media/key.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { openRawRtp, type RawRtp, rtpPacket } from '../../support/media/raw-rtp.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, pinOf, type TestOffice } from '../../support/node/office.js'
import { createRawPhone, type RawPhone } from '../../support/sip/raw-phone.js'
import { inDialog, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** A stranger finds the port of a PIN dialogue, and presses keys before the phone has sent anything. */
describe('keys of strangers in a PIN dialogue', () => {
  let office: TestOffice
  let node: TestNode
  let peer: SipPeer
  let phone: RawPhone
  const open: { close(): Promise<void> }[] = []

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) }, ['BYE', 'NOTIFY'])
    open.push(peer)
    phone = createRawPhone({ peer, device: 'HD0001', password: passwordOf('HD0001'), domain })
    await phone.register()
  }, 60_000)

  afterAll(async () => {
    for (const one of open.reverse()) await one.close()
    await office.close()
  })

  async function rtpAt(address: string): Promise<RawRtp> {
    const rtp = await openRawRtp(address)
    open.push(rtp)
    return rtp
  }

  interface Dialled {
    readonly invite: SipRequest
    readonly answer: SipResponse
    readonly port: number
  }

  async function dialLogin(extension: string, body: string): Promise<Dialled> {
    const { invite, answer } = await phone.dial(`*77*${extension}*`, { body }).final
    expect(answer.status).toBe(200)
    return { invite, answer, port: Number(/m=audio (\d+)/.exec(answer.body.toString())?.[1]) }
  }

  const hangUp = ({ invite, answer }: Dialled): void =>
    peer.send(peer.request(inDialog(invite, answer, { method: 'BYE', cseq: invite.cseq.number + 1 })))

  /** One packet an event, as fast as they can be sent. */
  function types(from: RawRtp, port: number, keys: string): void {
    for (const [index, character] of keys.split('').entries()) {
      const key = parseKey(character)
      if (!key) throw new Error(`no key: ${character}`)
      const payload = writeTelephoneEvent({ event: eventOfKey(key), end: true, duration: 800 })
      from.send(rtpPacket({ payloadType: 101, sequence: 100 + index, timestamp: 2_000 * (index + 1), payload, ssrc: from.port }), port)
    }
  }

  const attempts = async (extension: string): Promise<number> => Number(await office.redis.cli('GET', `{hd}:attempts:${extension}`))
  const sitter = (): Promise<string> => office.redis.cli('HGET', '{hd}:devices', 'HD0001')
  const eventCount = async (): Promise<number> => Number(await office.redis.cli('XLEN', '{hd}:events'))

  it('are ignored, whether the PIN is correct or wrong; the keys of the phone log in', async () => {
    const sound = await rtpAt('127.0.0.1')
    const strangers = [await rtpAt('127.0.0.1'), await rtpAt('127.0.0.66'), await rtpAt('127.0.0.67')]
    const call = await dialLogin('100', sound.sdp)
    const before = await eventCount()
    let sent = 0
    for (const stranger of strangers) {
      for (const keys of [`${pinOf('100')}#`, '1357#', '2468#', '9753#']) {
        types(stranger, call.port, keys)
        sent += keys.length
      }
    }
    // The phone still hears the prompt, so the packets of the strangers have been processed.
    types(sound, call.port, '1')
    await sound.rtp()
    process.stdout.write(
      `key presses of ${strangers.length} strangers: ${sent}; attempts: ${await attempts('100')}; events: ${(await eventCount()) - before}\n`,
    )
    expect(await attempts('100')).toBe(0)
    expect(await sitter()).toBe('')
    expect(await eventCount()).toBe(before)
    hangUp(call)

    const again = await dialLogin('100', sound.sdp)
    types(strangers[1] ?? sound, again.port, '1357#')
    types(sound, again.port, `${pinOf('100')}#`)
    await expect.poll(sitter, { timeout: 10_000 }).toBe('100')
  })

  it('are ignored if the phone is behind NAT and presses keys after its first audio', async () => {
    const sound = await rtpAt('127.0.0.1')
    const stranger = await rtpAt('127.0.0.66')
    const call = await dialLogin('101', sound.sdp.replaceAll('127.0.0.1', '192.168.7.7'))
    types(stranger, call.port, '1357#')
    for (let packet = 1; packet <= 15; packet += 1) {
      sound.send(
        rtpPacket({ payloadType: 0, sequence: packet, timestamp: packet * 160, payload: new Uint8Array(160).fill(0xff), ssrc: sound.port }),
        call.port,
      )
      // Waits for a packet of the node after each of ours, to keep the pace.
      if (packet > 1) await sound.rtp()
    }
    types(stranger, call.port, '2468#')
    types(sound, call.port, `${pinOf('101')}#`)
    await expect.poll(sitter, { timeout: 10_000 }).toBe('101')
    expect(await attempts('101')).toBe(0)
  })
})
