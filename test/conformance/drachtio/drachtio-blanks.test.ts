import Srf from 'drachtio-srf'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SipMessage } from '../../../src/sip/message/message.js'
import type { Heard } from '../../support/admin-wire/wire-application.js'
import { offer, type RequestParts, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

// drachtio-srf reads some headers in a time that grows with the square of a run of blanks: no such run reaches it.

let stage: SipdStage
beforeEach(async () => {
  stage = await openSipdStage()
})
afterEach(() => stage.close())

const blanks = ' \t'.repeat(3_700)
const folds = '\r\n '.repeat(2_500)
const oneFold = `\r\n${' '.repeat(7_500)}`
const place = '--a-run-of-blanks--'
const longRun = /[ \t]{2}|\r\n[ \t]/

/** Sends a request with the run as raw text, since hotdesk never prints a folded header. */
function sendWith(run: string, peer: SipPeer, parts: RequestParts): void {
  const message = peer.request(parts)
  const bytes = Buffer.from(message.toBuffer().toString('latin1').replaceAll(place, run), 'latin1')
  peer.send(Object.create(message, { toBuffer: { value: () => bytes } }) as SipMessage)
}

/** The text of the headers as the application got them, and whether there is a run in it. */
function shown({ message }: Heard): { text: string; isLong: boolean } {
  const text = message?.toBuffer().toString('latin1').split('\r\n\r\n')[0] ?? ''
  return { text, isLong: longRun.test(text) }
}

describe('a long run of blanks', () => {
  it.each([
    ['blanks', blanks],
    ['folds', folds],
    ['one fold and blanks', oneFold],
  ])('of %s in a request from the network is one blank for the application, and the body is unchanged', async (_kind, run) => {
    const application = await stage.application(['message'])
    const peer = await stage.udpPeer()
    const body = `a${' '.repeat(50)}b\t\tc`
    const headers = [['Subject', `one${place}two`]] as const
    sendWith(run, peer, { method: 'MESSAGE', headers, body, contact: `<${peer.uri}>${place};x=y` })
    const arrived = await application.arrives('MESSAGE')
    expect(shown(arrived).isLong).toBe(false)
    expect(arrived.message?.first('Subject')).toBe('one two')
    expect(arrived.message?.body.toString()).toBe(body)
    await application.respond(arrived, 200)
    await peer.hearsResponse(200)
  })

  it('in a response and in a CANCEL is one blank, too', async () => {
    const application = await stage.application(['invite'])
    const peer = await stage.udpPeer()
    await application.request('OPTIONS', peer.uri)
    peer.respond(await peer.hearsRequest('OPTIONS'), 200, [['Subject', `one${blanks}two`]])
    expect(shown(await application.arrives('200')).isLong).toBe(false)
    const invite = peer.request({ method: 'INVITE', body: offer })
    peer.send(invite)
    await application.respond(await application.arrives('INVITE'), 180)
    peer.send(cancelOf(peer, invite))
    expect(shown(await application.arrives('CANCEL')).isLong).toBe(false)
  })

  function cancelOf(peer: SipPeer, invite: ReturnType<SipPeer['request']>) {
    const { callId, from } = invite
    const headers = [['Subject', `one${blanks}two`]] as const
    return peer.request({ method: 'CANCEL', callId, fromTag: from.tag, branch: invite.topVia.branch, headers })
  }

  it('that the application sends comes back as one blank in the echo', async () => {
    const application = await stage.application()
    const peer = await stage.udpPeer()
    const echo = await application.request('OPTIONS', peer.uri, [['Subject', `one${blanks}two`]])
    expect(shown(echo)).toMatchObject({ isLong: false })
    expect(shown(echo).text).toContain('Subject: one two')
  })

  it('does not delay drachtio-srf, whichever header it is in', async () => {
    const srf = new Srf() as unknown as {
      connect(options: object): void
      disconnect(): void
      on(event: string, listener: () => void): void
      options(handler: (req: { getParsedHeader(name: string): unknown }, res: { send(status: number): void }) => void): void
    }
    await new Promise<void>((resolve) => {
      srf.on('connect', resolve)
      srf.connect({ host: '127.0.0.1', port: stage.sipd.admin.port, secret: 'cymru' })
    })
    const took: number[] = []
    srf.options((req, res) => {
      const began = performance.now()
      for (const name of ['via', 'from', 'to', 'contact']) req.getParsedHeader(name)
      took.push(performance.now() - began)
      res.send(200)
    })
    // The application on the wire is only there to be asked when the route of the other has arrived.
    await (await stage.application([])).command('ping')
    const peer = await stage.udpPeer()
    for (const run of [blanks, folds, oneFold]) {
      sendWith(run, peer, { method: 'OPTIONS', contact: `<${peer.uri}>;x=y${place}`, via: `127.0.0.1:${peer.port}${place}` })
      await peer.hearsResponse(200)
    }
    srf.disconnect()
    // As they came, these take a second and more.
    expect(Math.max(...took)).toBeLessThan(500)
    expect(took.length).toBe(3)
  })
})
