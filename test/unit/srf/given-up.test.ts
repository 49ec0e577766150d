import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import { createSrf } from '../../../src/srf/srf.js'
import { offer, type SipPeer } from '../../support/sip/sip-peer.js'
import { openSipdStage } from '../../support/sip/sipd-stage.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const calls = 20

async function giveUp(phone: SipPeer): Promise<void> {
  const invite = phone.request({ method: 'INVITE', body: offer })
  phone.send(invite)
  await phone.hearsResponse(180)
  const { branch } = invite.topVia
  phone.send(phone.request({ method: 'CANCEL', uri: invite.uri, callId: invite.callId, fromTag: invite.from.tag, branch }))
  await phone.hearsResponse(487)
}

it('a cancelled call leaves nothing in memory while the link to the SIP server lasts', async () => {
  const stage = await openSipdStage()
  const admin = { host: '127.0.0.1', port: stage.sipd.admin.port, secret: new Secret('cymru') }
  const srf = stage.keep(await createSrf({ admin, log: silentLogger() }))
  const held: WeakRef<object>[] = []
  srf.onInvite((invite) => {
    // It refers to the request, so it lives as long as any reference to it.
    held.push(new WeakRef(invite.header))
    invite.respond(180)
  })
  const phone = await stage.udpPeer()
  for (let call = 0; call < calls; call++) await giveUp(phone)
  expect(held).toHaveLength(calls)
  const left = async (): Promise<number> => {
    await pause(systemClock, 20)
    collectGarbage()
    return held.filter((reference) => reference.deref() !== undefined).length
  }
  // The engine may keep the last one.
  await expect.poll(left, { timeout: 8_000 }).toBeLessThanOrEqual(2)
  await stage.close()
})
