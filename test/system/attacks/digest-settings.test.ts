import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerChallenge, type Challenge, type DigestAlgorithm, parseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import { newTag } from '../../../src/sip/ids.js'
import type { SipResponse } from '../../../src/sip/message/message.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

let office: TestOffice

beforeAll(async () => {
  office = await openTestOffice()
}, 60_000)
afterAll(() => office.close())

/** A device that registers by hand. */
function registering(peer: SipPeer) {
  async function register(to: string, authorization?: string): Promise<SipResponse> {
    const request = peer.request({ method: 'REGISTER', uri: `sip:${to}`, to: `sip:HD0001@${to}` })
    request.set('From', `<sip:HD0001@${to}>;tag=${newTag()}`)
    if (authorization !== undefined) request.append('Authorization', authorization)
    peer.send(request)
    const heard = await peer.hears('a response', (message) => message.kind === 'response' && message.callId === request.callId)
    return heard as SipResponse
  }
  const challenges = async (to = domain): Promise<readonly Challenge[]> =>
    (await register(to)).all('WWW-Authenticate').flatMap((line) => parseChallenge(line) ?? [])

  /** Answers a challenge as if it had offered this. */
  async function answering(changes: { readonly algorithm?: DigestAlgorithm; readonly qop?: readonly [] }, to = domain): Promise<number> {
    const [challenge] = await challenges(to)
    if (!challenge) throw new Error('no challenge')
    const identity = { username: 'HD0001', password: passwordOf('HD0001'), uri: `sip:${to}` }
    const parts = { ...identity, method: 'REGISTER', body: Buffer.alloc(0), cnonce: newTag(), count: 1 }
    return (await register(to, printCredentials(answerChallenge({ ...challenge, ...changes }, parts)))).status
  }
  return { challenges, answering }
}

async function at<Result>(node: TestNode, run: (phone: ReturnType<typeof registering>) => Promise<Result>): Promise<Result> {
  const peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
  try {
    return await run(registering(peer))
  } finally {
    await peer.close()
  }
}

describe('a node whose operator allows SHA-256 with qop alone, and lists the names of the network', () => {
  let node: TestNode

  beforeAll(async () => {
    const digest = { HOTDESK_SIP_DIGEST_ALGORITHMS: 'SHA-256', HOTDESK_SIP_DIGEST_QOP: 'required' }
    node = await office.node('paris-1', 'paris', { env: { ...digest, HOTDESK_SIP_ALIASES: 'pbx.example' } })
  })

  it('offers nothing else, however often a device asks', () =>
    at(node, async ({ challenges }) => {
      for (let round = 0; round < 3; round++) expect((await challenges()).map(({ algorithm }) => algorithm)).toEqual(['SHA-256'])
    }))

  it('takes neither MD5 nor a digest without qop', () =>
    at(node, async ({ answering }) => {
      expect([await answering({ algorithm: 'MD5' }), await answering({ qop: [] }), await answering({})]).toEqual([401, 401, 200])
    }))

  it('serves the listed names, and no other that a device may have for it', () =>
    at(node, async ({ answering }) => {
      expect([await answering({}, 'pbx.example'), await answering({}, 'elsewhere.example')]).toEqual([200, 404])
    }))
})

describe('a network beside another one in the same Redis, with the same secret', () => {
  it('does not open the passwords of the other one', async () => {
    const node = await office.node('paris-2', 'paris', { env: { HOTDESK_NETWORK: 'other' } })
    const noticed = node.logged('directory.broken', ({ key }) => key === 'device:HD0001')
    for (const key of ['device:HD0001', 'user:100']) await office.redis.cli('COPY', `{hd}:${key}`, `{other}:${key}`)
    await noticed
    expect(await at(node, ({ answering }) => answering({}))).toBe(401)
  })
})
