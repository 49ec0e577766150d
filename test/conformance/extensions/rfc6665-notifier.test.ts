import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { SipResponse } from '../../../src/sip/message/message.js'
import { createSrf, type FarEnd, type IncomingSubscribe, type SipApplication, type SubscriptionDialog } from '../../../src/srf/srf.js'
import { endsSubscription } from '../../../src/srf/subscriptions/notify-outcome.js'
import { createMailbox } from '../../support/sip/mailbox.js'
import type { HeaderList, SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage, type SipdStage } from '../../support/sip/sipd-stage.js'

let stage: SipdStage
let srf: SipApplication
let phone: SipPeer

beforeEach(async () => {
  stage = await openSipdStage({ t1: 50 })
  srf = await applicationOf(stage)
  phone = await stage.udpPeer()
})
afterEach(() => stage.close())

async function applicationOf({ sipd, keep }: SipdStage, restores = true): Promise<SipApplication> {
  const admin = { host: '127.0.0.1', port: sipd.admin.port, secret: new Secret('cymru'), restores }
  return keep(await createSrf({ admin, log: silentLogger() }))
}

const watched = 'sip:101@hotdesk.example'
const lamp: HeaderList = [
  ['Event', 'dialog'],
  ['Expires', '600'],
]
const active = { headers: { 'Subscription-State': 'active;expires=600', 'Content-Type': 'text/plain' }, body: 'idle' }
const last = { headers: { 'Subscription-State': 'terminated;reason=noresource' }, body: '' }

/** The application has told sipd what it wants. */
async function routed(): Promise<void> {
  await (await stage.application([])).command('ping')
}

async function arrives(headers: HeaderList = lamp, from = phone): Promise<IncomingSubscribe> {
  const arrived = new Promise<IncomingSubscribe>((resolve) => srf.onSubscribe('dialog', resolve))
  await routed()
  from.send(from.request({ method: 'SUBSCRIBE', to: watched, headers }))
  return arrived
}

interface Begun {
  readonly subscribe: IncomingSubscribe
  readonly dialog: SubscriptionDialog
  readonly accepted: SipResponse
}

async function begun(expires = 600, farEnd: FarEnd | null = null): Promise<Begun> {
  const subscribe = await arrives()
  const dialog = await subscribe.accept({ expires, farEnd })
  return { subscribe, dialog, accepted: await phone.hearsResponse(200, 'SUBSCRIBE') }
}

/** Sends SUBSCRIBEs in the dialog, as its phone. */
function refreshing(accepted: SipResponse, by: () => SipPeer = () => phone) {
  let cseq = accepted.cseq.number
  return (headers: HeaderList): void => {
    cseq += 1
    const { callId, from, to } = accepted
    const parts = { method: 'SUBSCRIBE', to: watched, callId, fromTag: from.tag, toTag: to.tag, cseq, headers }
    by().send(by().request(parts))
  }
}

const dialogs = async (): Promise<number> => (await stage.sipd.counts()).dialogs

describe('a subscription begins', () => {
  it('with 200, Expires and a Contact; each NOTIFY goes to the phone in that dialog (RFC 6665 §4.2.1.1, §4.2.2)', async () => {
    const { subscribe, dialog, accepted } = await begun(300)
    expect([subscribe.event, subscribe.expires, accepted.first('Expires'), accepted.contacts.length]).toEqual(['dialog', 600, '300', 1])
    let cseq = 0
    for (const parts of [active, active]) {
      const sent = dialog.notify(parts)
      const notify = await phone.hearsNewRequest('NOTIFY')
      expect([notify.callId, notify.from.tag, notify.to.tag]).toEqual([accepted.callId, accepted.to.tag, accepted.from.tag])
      expect([notify.first('Event'), notify.first('Subscription-State'), notify.body.toString()]).toEqual([
        'dialog',
        'active;expires=600',
        'idle',
      ])
      expect(notify.cseq.number).toBeGreaterThan(cseq)
      cseq = notify.cseq.number
      phone.respond(notify, 200)
      expect((await sent).status).toBe(200)
    }
  })

  it('for no longer than the phone requested (RFC 6665 §4.2.1.1)', async () => {
    const { accepted } = await begun(3_600)
    expect(accepted.first('Expires')).toBe('600')
  })

  it('and the last NOTIFY ends its dialog (RFC 6665 §4.4.1)', async () => {
    const { dialog } = await begun()
    expect(await dialogs()).toBe(1)
    const sent = dialog.notify(last)
    phone.respond(await phone.hearsNewRequest('NOTIFY'), 200)
    await sent
    dialog.end()
    expect(await dialogs()).toBe(0)
    expect((await dialog.notify(active)).status).toBe(481)
  })

  it('anew under the Call-ID and From tag of one before: that one is over, and the new one is notified and refreshed', async () => {
    const { accepted: first, dialog: before } = await begun()
    const arrived = new Promise<IncomingSubscribe>((resolve) => srf.onSubscribe('dialog', resolve))
    const ids = { callId: first.callId, fromTag: first.from.tag }
    phone.send(phone.request({ method: 'SUBSCRIBE', to: watched, headers: lamp, cseq: first.cseq.number + 1, ...ids }))
    const dialog = await (await arrived).accept({ expires: 600 })
    const accepted = await phone.hearsResponse(200, 'SUBSCRIBE')
    expect(accepted.to.tag).not.toBe(first.to.tag)
    expect((await before.notify(last)).status).toBe(481)
    before.end()
    void dialog.notify(active)
    const notify = await phone.hearsNewRequest('NOTIFY')
    phone.respond(notify, 200)
    expect([notify.from.tag, notify.body.toString()]).toEqual([accepted.to.tag, 'idle'])
    dialog.onSubscribe((request) => request.respond(200))
    refreshing(accepted)(lamp)
    await phone.hearsResponse(200, 'SUBSCRIBE')
  })

  it('and each NOTIFY has the id of the Event header (RFC 6665 §8.2.1)', async () => {
    const subscribe = await arrives([['Event', 'Dialog;id=7']])
    const dialog = await subscribe.accept({ expires: 60 })
    void dialog.notify(active)
    expect((await phone.hearsNewRequest('NOTIFY')).first('Event')).toBe('Dialog;id=7')
  })
})

describe('refused is a SUBSCRIBE', () => {
  it.each([
    ['of another event package', [['Event', 'conference']]],
    ['without an Event header', []],
  ] as const)('%s: 489 with the packages that are handled (RFC 6665 §4.2.1.1)', async (_, headers) => {
    srf.onSubscribe('dialog', (subscribe) => subscribe.respond(200))
    srf.onSubscribe('presence', (subscribe) => subscribe.respond(200))
    await routed()
    phone.send(phone.request({ method: 'SUBSCRIBE', to: watched, headers }))
    expect((await phone.hearsResponse(489, 'SUBSCRIBE')).first('Allow-Events')).toBe('dialog, presence')
  })

  it('in a dialog that is unknown: 481, so that the phone subscribes anew (RFC 6665 §4.1.2.2)', async () => {
    const { accepted, dialog } = await begun()
    const refresh = refreshing(accepted)
    dialog.end()
    refresh(lamp)
    await phone.hearsResponse(481, 'SUBSCRIBE')
  })

  it('of another event in the dialog: 489 (RFC 6665 §4.5.2)', async () => {
    const { accepted } = await begun()
    refreshing(accepted)([['Event', 'presence']])
    await phone.hearsResponse(489, 'SUBSCRIBE')
  })
})

describe('a SUBSCRIBE in the dialog', () => {
  it('refreshes or ends the subscription: it reaches the application, whose response has Expires (RFC 6665 §4.2.1.4)', async () => {
    const { accepted, dialog } = await begun()
    const heard = createMailbox<string>(String)
    dialog.onSubscribe((request) => {
      heard.put(request.header('Expires'))
      request.respond(200)
    })
    const refresh = refreshing(accepted)
    for (const expires of ['300', '0']) {
      refresh([
        ['Event', 'dialog'],
        ['Expires', expires],
      ])
      expect(await heard.take(expires, () => true)).toBe(expires)
      expect((await phone.hearsResponse(200, 'SUBSCRIBE')).first('Expires')).toBe(expires)
    }
  })

  it('moves NOTIFYs to its Contact (RFC 3261 §12.2.2)', async () => {
    const { accepted, dialog } = await begun()
    dialog.onSubscribe((request) => request.respond(200))
    const other = await stage.udpPeer()
    refreshing(accepted, () => other)(lamp)
    await other.hearsResponse(200, 'SUBSCRIBE')
    void dialog.notify(active)
    await other.hearsNewRequest('NOTIFY')
    expect(JSON.parse(dialog.saved)).toMatchObject({ target: other.uri })
  })
})

describe('a NOTIFY', () => {
  it('waits for the response to the one before, so that none overtakes another', async () => {
    const { dialog } = await begun()
    void dialog.notify(active)
    const second = dialog.notify(last)
    phone.respond(await phone.hearsNewRequest('NOTIFY'), 500)
    const notify = await phone.hearsNewRequest('NOTIFY')
    expect(notify.first('Subscription-State')).toMatch(/^terminated/)
    phone.respond(notify, 200)
    expect((await second).status).toBe(200)
  })

  it('without a response is sent where the phone is by then (RFC 5626 §5.3)', async () => {
    const moved = await stage.udpPeer()
    let at = phone
    const hop = (): string => `sip:127.0.0.1:${at.port};transport=udp;hotdesk-flow`
    const silent = (): void => {
      at = moved
    }
    const { dialog } = await begun(600, { heard: () => undefined, silent, hop })
    const sent = dialog.notify(active)
    moved.respond(await moved.hearsNewRequest('NOTIFY'), 200)
    expect((await sent).status).toBe(200)
  })

  it.each([
    [200, false],
    [408, true],
    [481, true],
    [489, true],
    [503, false],
    [500, false],
  ])('with response %i: the subscription has ended: %s (RFC 6665 §4.2.2, RFC 5057 §5.1)', (status, ended) => {
    expect(endsSubscription({ status })).toBe(ended)
  })
})

describe('after a restart', () => {
  /** Another SIP server with another application, which the phone reaches at the same place. */
  async function restart(): Promise<SipdStage> {
    const listen = [{ protocol: 'udp', address: '127.0.0.1', port: stage.udp }] as const
    await srf.close()
    await stage.sipd.close()
    const next = await openSipdStage({ t1: 50, listen })
    srf = await applicationOf(next)
    return next
  }

  it('NOTIFYs and refreshes go on under the same Call-ID and tags, and CSeq is higher (RFC 3261 §12.2.1.1)', async () => {
    const { accepted, dialog } = await begun()
    const { saved } = dialog
    void dialog.notify(active)
    const before = await phone.hearsNewRequest('NOTIFY')
    phone.respond(before, 200)
    const next = await restart()
    const restored = srf.restoreSubscription(saved)
    expect(restored?.id).toBe(dialog.id)
    const sent = restored?.notify(active)
    const notify = await phone.hearsNewRequest('NOTIFY')
    phone.respond(notify, 200)
    expect((await sent)?.status).toBe(200)
    expect([notify.callId, notify.from.tag, notify.to.tag, notify.first('Event')]).toEqual([
      before.callId,
      before.from.tag,
      before.to.tag,
      'dialog',
    ])
    expect(notify.cseq.number).toBeGreaterThan(before.cseq.number)
    restored?.onSubscribe((request) => request.respond(200, { headers: { Expires: '90' } }))
    refreshing(accepted)(lamp)
    expect((await phone.hearsResponse(200, 'SUBSCRIBE')).first('Expires')).toBe('90')
    await next.close()
  })

  it('NOTIFYs go where the far end is followed to', async () => {
    const { saved } = (await begun()).dialog
    const next = await restart()
    const moved = await next.udpPeer()
    const hop = (): string => `sip:127.0.0.1:${moved.port};transport=udp;hotdesk-flow`
    const restored = srf.restoreSubscription(saved, { heard: () => undefined, silent: () => undefined, hop })
    void restored?.notify(active)
    await moved.hearsNewRequest('NOTIFY')
    await next.close()
  })

  it('an expired subscription, another text and a drachtio-server restore nothing', async () => {
    const { saved } = (await begun()).dialog
    expect(srf.restoreSubscription(JSON.stringify({ ...JSON.parse(saved), until: 1 }))).toBe(null)
    for (const text of ['', '{}', 'null', '[]', saved.replace('"routes":[]', '"routes":[1]')])
      expect(srf.restoreSubscription(text)).toBe(null)
    expect((await applicationOf(stage, false)).restoreSubscription(saved)).toBe(null)
  })

  it('a dialog that still exists is not restored over: its NOTIFYs go on', async () => {
    const { dialog } = await begun()
    srf.restoreSubscription(dialog.saved)
    const sent = dialog.notify(active)
    phone.respond(await phone.hearsNewRequest('NOTIFY'), 200)
    expect((await sent).status).toBe(200)
    expect(await dialogs()).toBe(1)
  })
})
