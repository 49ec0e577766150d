import { createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipRequest } from '../../../src/sip/message/message.js'
import { createSrf, type SipApplication, type SipDialog } from '../../../src/srf/srf.js'
import { type HeaderList, inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

/** A caller who has proved nothing names others as its Contact and its route: they must hear nothing of us. */
describe('an unknown source that names third parties', () => {
  const closers: (() => Promise<unknown>)[] = []
  let asked: string[] = []
  let connections = 0
  let victim: SipPeer
  let victimPort = 0

  beforeEach(async () => {
    asked = []
    connections = 0
    const server: Server = createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    victimPort = (server.address() as { port: number }).port
    victim = await openUdpPeer({ port: 9 })
    closers.push(() => victim.close())
  })

  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })

  interface Opened {
    readonly stage: SipdStage
    readonly srf: SipApplication
  }

  async function open(who: 'unknown' | 'known'): Promise<Opened> {
    const note = (name: string): Promise<never[]> => {
      asked.push(name)
      return Promise.resolve([])
    }
    const stage = await openSipdStage({
      t1: 50,
      dns: { naptr: note, srv: note, addresses: note },
      knownSources: who === 'unknown' ? { addresses: [], flows: [], uris: [], challenge: null } : null,
    })
    closers.push(() => stage.close())
    const srf = await createSrf({
      admin: { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') },
      log: silentLogger(),
    })
    closers.push(() => srf.close())
    return { stage, srf }
  }

  interface Pointers {
    readonly contact: string
    readonly headers: HeaderList
  }

  interface Standing {
    readonly dialog: SipDialog
    readonly request: (method: string, cseq: number, contact?: string) => SipRequest
  }

  /** Calls for help, and is answered. */
  async function callIn({ stage, srf }: Opened, caller: SipPeer, { contact, headers }: Pointers): Promise<Standing> {
    const peer = await stage.udpPeer()
    const taken = new Promise<SipDialog>((resolve, reject) => {
      srf.onInvite((invite) => invite.accept({ sdp: offer }).then(resolve, reject))
    })
    const known = srf.request('OPTIONS', `sip:x@127.0.0.1:${peer.port}`)
    peer.respond(await peer.hearsRequest('OPTIONS'), 200)
    await known
    const invite = caller.request({ method: 'INVITE', uri: 'sip:112@127.0.0.1', body: offer, contact, headers })
    caller.send(invite)
    const answer = await caller.hearsResponse(200, 'INVITE')
    const request = (method: string, cseq: number, other = contact): SipRequest =>
      caller.request({ ...inDialog(invite, answer, { method, cseq, ...(method === 'INVITE' && { body: offer }) }), contact: other })
    caller.send(request('ACK', invite.cseq.number))
    return { dialog: await taken, request }
  }

  const rows: readonly (readonly [title: string, pointers: () => Pointers])[] = [
    ['a Contact over TCP', () => ({ contact: `<sip:x@127.0.0.1:${victimPort};transport=tcp>`, headers: [] })],
    ['a Contact over UDP', () => ({ contact: `<sip:x@127.0.0.1:${victim.port}>`, headers: [] })],
    ['a Contact with a name', () => ({ contact: '<sip:x@victim.example>', headers: [] })],
    ['a Contact on the public network', () => ({ contact: '<sip:x@192.0.2.66;transport=tcp>', headers: [] })],
    [
      'a Record-Route over TCP',
      () => ({ contact: '<sip:x@192.0.2.1>', headers: [['Record-Route', `<sip:127.0.0.1:${victimPort};transport=tcp;lr>`]] }),
    ],
    ['a Record-Route with a name', () => ({ contact: '<sip:x@192.0.2.1>', headers: [['Record-Route', '<sip:victim.example;lr>']] })],
    ['a strict Record-Route', () => ({ contact: '<sip:x@192.0.2.1>', headers: [['Record-Route', `<sip:127.0.0.1:${victim.port}>`]] })],
  ]

  describe.each(['UDP', 'TCP'] as const)('over %s', (protocol) => {
    test.each(rows)('by %s gets responses, requests and BYE over the flow of its request', async (_title, pointers) => {
      const opened = await open('unknown')
      const { stage } = opened
      const caller = protocol === 'UDP' ? await stage.udpPeer() : await stage.tcpPhone()
      const { dialog, request } = await callIn(opened, caller, pointers())
      const sent = dialog.request('OPTIONS')
      caller.respond(await caller.hearsRequest('OPTIONS'), 200)
      expect((await sent).status).toBe(200)
      // A target refresh with the same pointer changes nothing.
      dialog.onRequest((each) => each.respond(200, { headers: { 'Content-Type': 'application/sdp' }, body: offer }))
      const again = request('INVITE', 3)
      caller.send(again)
      await caller.hears('200 to the re-INVITE', (heard) => heard.kind === 'response' && heard.status === 200 && heard.cseq.number === 3)
      caller.send(request('ACK', 3))
      const over = dialog.bye()
      caller.respond(await caller.hearsRequest('BYE'), 200)
      await over
      expect({ connections, asked, heard: victim.untaken }).toEqual({ connections: 0, asked: [], heard: [] })
    })
  })

  test('and closes its connection is not called anywhere else', async () => {
    const opened = await open('unknown')
    const { stage } = opened
    const caller = await stage.tcpPhone()
    const { dialog } = await callIn(opened, caller, { contact: `<sip:x@127.0.0.1:${victimPort};transport=tcp>`, headers: [] })
    await caller.close()
    await expect.poll(async () => (await stage.sipd.counts()).connections).toBe(0)
    expect((await dialog.request('OPTIONS')).status).toBe(503)
    await dialog.bye()
    expect({ connections, asked }).toEqual({ connections: 0, asked: [] })
  })

  test('a known source is reached at its Contact', async () => {
    const opened = await open('known')
    const { stage } = opened
    const caller = await stage.udpPeer()
    const { dialog } = await callIn(opened, caller, { contact: `<sip:x@127.0.0.1:${victimPort};transport=tcp>`, headers: [] })
    await dialog.bye()
    expect(connections).toBe(1)
  })
})
