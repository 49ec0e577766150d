import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../../src/base/secret.js'
import { answerChallenge, type Challenge, chooseChallenge, printCredentials } from '../../../src/sip/auth/digest.js'
import { newTag } from '../../../src/sip/ids.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import type { TestNode } from '../../support/node/node.js'
import { metricOf } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** The office's phones have proven the address that the attacker shares with them: 127.0.0.1 stands for its NAT. */
describe('guessing the password of a phone from behind the NAT of its office', () => {
  let office: TestOffice
  let node: TestNode
  let phone: Phone
  let attacker: SipPeer

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    phone = await office.phone('HD0001', node)
    attacker = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
  }, 60_000)

  afterAll(async () => {
    await attacker.close()
    await office.close()
  })

  async function register(device: string, authorization: string | null, from = attacker) {
    const uri = `sip:${domain}`
    const request = from.request({ method: 'REGISTER', uri, to: `sip:${device}@${domain}` })
    request.set('From', `<sip:${device}@${domain}>;tag=${newTag()}`)
    if (authorization !== null) request.append('Authorization', authorization)
    from.send(request)
    const heard = await from.hears('a response', (message) => message.kind === 'response' && message.callId === request.callId)
    if (heard.kind !== 'response') throw new Error('not a response')
    return heard
  }

  async function challengeFor(device: string, from = attacker): Promise<Challenge> {
    const challenge = chooseChallenge((await register(device, null, from)).all('WWW-Authenticate'))
    if (!challenge) throw new Error('no challenge')
    return challenge
  }

  function guess(challenge: Challenge, device: string, password: Secret, count = 1): string {
    const parts = { username: device, password, uri: `sip:${domain}`, method: 'REGISTER', body: Buffer.alloc(0), cnonce: newTag(), count }
    return printCredentials(answerChallenge(challenge, parts))
  }

  const refused = (reason: string): Promise<number> => metricOf(node, `hotdesk_digest_refused_total{reason="${reason}"}`)

  it('is slowed down, and the right password among the guesses is not noticed', async () => {
    const challenge = await challengeFor('HD0001')
    const statuses = new Set<number>()
    for (let round = 0; round < 200; round++) {
      statuses.add((await register('HD0001', guess(challenge, 'HD0001', new Secret(`guess ${round}`)))).status)
    }
    statuses.add((await register('HD0001', guess(challenge, 'HD0001', passwordOf('HD0001')))).status)
    const [tried, held] = [await refused('password'), await refused('held')]
    process.stdout.write(`201 guesses: ${tried} passwords were looked at, ${held} were not\n`)
    expect([...statuses]).toEqual([401])
    expect(tried + held).toBe(201)
    expect(tried).toBeLessThanOrEqual(15)
  })

  it('does not keep the phone itself out, nor its neighbours', async () => {
    expect((await phone.register()).status).toBe(200)
    await expect(office.phone('HD0002', node)).resolves.toBeDefined()
    // Nobody has logged in at it: 480, and not another challenge.
    const { answer } = await (await phone.dial('199')).result
    expect(answer.status).toBe(480)
  })

  it('does not leave the phone nothing but MD5: who asks again and again in its name is offered everything', async () => {
    for (let round = 0; round < 3; round++) {
      const offered = (await register('HD0001', null)).all('WWW-Authenticate').map((line) => /algorithm=([\w-]+)/.exec(line)?.[1])
      expect(offered).toEqual(['SHA-256', 'MD5'])
    }
  })

  it('is told in the log with the address, in the form that fail2ban reads', async () => {
    const pattern = /"event":"registrar\.refused","reason":"password","username":".*","source":"([0-9a-f.:]+)"/
    expect(pattern.exec(node.output())?.[1]).toBe('127.0.0.1')
  })

  it('is logged without a user name that is no device: it may be a secret typed in the wrong field', async () => {
    const secret = '739218465'
    const challenge = await challengeFor(secret)
    await register(secret, guess(challenge, secret, new Secret('guess')))
    await node.logged('registrar.refused', ({ username }) => username === 'unknown')
    expect(node.output()).not.toContain(secret)
  })

  it('works no better over many devices: the address is slowed down as well', async () => {
    const before = await refused('password')
    for (let device = 100; device < 140; device++) {
      const name = `HD0${device}`
      // Each from a port of its own: one that fails too often is banned.
      const from = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
      const challenge = await challengeFor(name, from)
      for (let round = 0; round < 8; round++) await register(name, guess(challenge, name, new Secret(`guess ${round}`)), from)
      await from.close()
    }
    const tried = (await refused('password')) - before
    process.stdout.write(`320 guesses for 40 devices: ${tried} passwords were looked at\n`)
    expect(tried).toBeLessThanOrEqual(120)
  })
})
