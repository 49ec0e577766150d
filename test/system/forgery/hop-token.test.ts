import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import type { NodeName } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import { createHopTokens, hopTokenHeader } from '../../../src/calls/inbound/hop-token.js'
import { signedContent } from '../../../src/calls/inbound/signed-content.js'
import { newCallId } from '../../../src/sip/ids.js'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { networkSecret, sameAddresses } from '../../support/node/node.js'
import { domain } from '../../support/node/office.js'
import { openTwoSites, type TwoSites } from '../../support/node/two-sites.js'
import { offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

const network = { secret: new Secret(networkSecret), network: 'hd', clock: systemClock, uptime: () => 3_600_000 }

describe('a call that one node signs for another', () => {
  let sites: TwoSites
  let peer: SipPeer

  beforeAll(async () => {
    sites = await openTwoSites()
    await sites.office.directory.putUser('100', { name: 'Zoë “Zed” Łukasz, 東京' })
    await sites.office.seat({ 100: 'HD0001', 102: 'HD0003' })
    peer = await openUdpPeer({ port: Number(sites.paris.udp.split(':')[1]) })
  }, 60_000)
  afterAll(async () => {
    await peer.close()
    await sites.office.close()
  })

  const otherOffer = Buffer.from(offer.replaceAll('127.0.0.1', '127.0.0.66'))

  interface SignedParts {
    readonly identity?: string
    readonly versionAt?: 1 | 2
    readonly network?: string
    readonly by?: SipPeer
  }

  /** An INVITE as london-1 sends it to paris-1, for a user whom nobody has. */
  function signed(parts: SignedParts = {}): SipRequest {
    const callId = newCallId()
    const invite = (parts.by ?? peer).request({ method: 'INVITE', to: `sip:199@${domain}`, callId, body: offer })
    const identity = parts.identity ?? `"Alice" <sip:100@${domain}>`
    invite.set('P-Asserted-Identity', identity)
    const content = signedContent({ header: (name) => invite.first(name) ?? '', body: offer })
    const hopTokens = createHopTokens({
      ...network,
      ...(parts.network && { network: parts.network }),
      versionAt: () => parts.versionAt ?? 2,
    })
    const passage = { from: 'london-1' as NodeName, to: 'paris-1' as NodeName, callId, target: '199', hops: 0, purpose: 'call' as const }
    invite.set(hopTokenHeader, hopTokens.sign(passage, content))
    return invite
  }

  async function answerTo(invite: SipRequest, by = peer): Promise<number> {
    by.send(invite)
    const heard = await by.hears('a final response', (message) => {
      // A server may send the final response to an earlier copy again.
      const isOfThis = message.callId === invite.callId && message.topVia.branch === invite.topVia.branch
      return message.kind === 'response' && message.status >= 200 && isOfThis
    })
    return (heard as SipResponse).status
  }

  it('reaches the phone, whatever letters its caller’s name has', async () => {
    await hangUp(await converse(sites.desk1, '102', sites.desk3))
  })

  it('is taken once', async () => {
    const invite = signed()
    expect(await answerTo(invite)).toBe(404)
  })

  it.each<readonly [string, (invite: SipRequest) => void]>([
    ['the caller', (invite) => invite.set('P-Asserted-Identity', `"Boss" <sip:101@${domain}>`)],
    ['the wish for privacy', (invite) => invite.set('Privacy', 'id')],
    ['what makes the phone answer by itself', (invite) => invite.set('Alert-Info', '<http://x>;info=alert-autoanswer')],
    ['the session description', (invite) => Object.assign(invite, { body: otherOffer })],
  ])('is refused when %s was changed on the way', async (_, change) => {
    const invite = signed()
    change(invite)
    expect(await answerTo(invite)).toBe(403)
  })

  it('is refused in the form of earlier versions, since the node that names itself makes better ones', async () => {
    expect(await answerTo(signed({ versionAt: 1 }))).toBe(403)
    expect(await sites.paris.logged('call.refused', ({ reason }) => reason === 'hop token outdated')).toBeDefined()
  })

  it('is refused by a node of another network with the same secret, which takes those of its own', async () => {
    await sites.office.redis.cli('COPY', '{hd}:user:100', '{other}:user:100')
    const data = join(sites.office.redis.directory, 'data of another network')
    const node = await sites.office.node('paris-1', 'paris', { env: { HOTDESK_NETWORK: 'other' }, data })
    const by = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    expect([await answerTo(signed({ by }), by), await answerTo(signed({ by, network: 'other' }), by)]).toEqual([403, 404])
    await by.close()
    await node.stop()
  })

  it('is refused a second time, after a restart of the node as well', async () => {
    const { office, paris } = sites
    const invite = signed()
    expect(await answerTo(invite)).toBe(404)
    await paris.stop()
    const again = await office.node('paris-1', 'paris', { env: sameAddresses(paris) })
    invite.set('Via', `SIP/2.0/UDP ${peer.address};branch=z9hG4bK-replayed;rport`)
    expect(await answerTo(invite)).toBe(403)
    expect(await again.logged('call.refused', ({ reason }) => reason === 'hop token stale')).toBeDefined()
    expect(await answerTo(signed())).toBe(404)
  }, 30_000)
})
