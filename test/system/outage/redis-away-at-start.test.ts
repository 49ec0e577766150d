import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { dialRefused, logIn } from '../../support/node/login.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { readinessOf, untilReadiness } from '../../support/node/node-health.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../../support/node/office.js'
import { type Carrier, openCarrier, planOver, siteElin } from '../../support/sip/carrier.js'

/** The row "Redis is lost and a node restarts" of the behaviour table. */
describe('a node that starts while Redis is away', () => {
  let office: TestOffice
  let carrier: Carrier
  let node: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    carrier = await openCarrier()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')).toBe('LOGGED_IN')
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '101', 'HD0002')).toBe('LOGGED_IN')
    await office.settled('101', 'HD0002')
    await office.follows('reg:HD0002', (registration) => registration !== undefined)
    await hangUp(await converse(desk2, '100', desk1))
    expect(await node.stop()).toBe(0)
    await office.redis.kill()
  }, 60_000)

  afterAll(async () => {
    await office.close()
    await carrier.close()
  })

  describe('with a saved copy', () => {
    it('starts from it, and says how old it is and what it waits for', async () => {
      node = await office.node('paris-1', 'paris', { env: sameAddresses(node) })
      expect((await node.logged('store.restored')).msg).toMatch(/^started from a saved copy of Redis, (0 minutes|1 minute) old$/)
      expect((await node.logged('store.waiting')).msg).toMatch(/^Redis cannot be used yet \(redis-cli -s \S+\): .*; trying again$/)
      expect(await readinessOf(node)).toEqual({
        status: 503,
        reasons: [expect.stringMatching(/^Redis is lost: .*; this node has started from a saved copy, \d+ s old$/)],
      })
    })

    it('serves its phones: calls between those that were registered and logged in, and registrations', async () => {
      await hangUp(await converse(desk2, '100', desk1))
      expect((await desk1.register()).status).toBe(200)
      await office.phone('HD0003', node)
    })

    it('a wrong password is refused as ever', async () => {
      const wrong = office.bank.phone({ device: 'HD0004', password: passwordOf('HD0001'), node: node.udp, domain })
      expect((await wrong.register()).status).toBe(401)
    })

    it('joins the network when Redis is there', async () => {
      await office.redis.start()
      await untilReadiness(node, 200, 10_000)
      await office.redisSays('paris', 'HGET', '{hd}:node:paris-1', 'site')
      await office.redisSays('paris-1', 'HGET', '{hd}:reg:HD0003', 'node')
      const desk3 = await office.phone('HD0003', node)
      await logIn(desk3, '102')
      await hangUp(await converse(desk1, '102', desk3))
    })
  })

  describe('without a saved copy', () => {
    it('starts knowing nobody: it tells phones to try later, not that their passwords are wrong', async () => {
      expect(await node.stop()).toBe(0)
      await office.redis.kill()
      await rm(join(office.redis.directory, 'paris-1'), { recursive: true })
      node = await office.node('paris-1', 'paris', { env: sameAddresses(node), dialplan: planOver(carrier.address) })
      expect((await node.logged('store.restored')).msg).toMatch(/^no saved copy of Redis to start from/)
      expect(await readinessOf(node)).toEqual({
        status: 503,
        reasons: [expect.stringMatching(/^Redis has not been reached: .*; no copy was saved/)],
      })
      const answer = await desk1.register()
      expect([answer.status, answer.header('Retry-After')]).toEqual([503, '10'])
      expect(await dialRefused(desk1, '101')).toBe(503)
    })

    it('lets emergency calls through all the same, as the site’s, and limits none: its phones cannot prove themselves', async () => {
      const centre = carrier.line('112')
      for (let call = 0; call < 8; call++) {
        const dialling = await desk1.dial('112')
        const ringing = await centre.nextCall()
        expect(ringing.callerNumber).toBe(siteElin)
        ringing.reject(486)
        await dialling.result
      }
    })

    it('knows its users, its registered phones and who sits where as soon as Redis is there', async () => {
      await office.redis.start()
      await untilReadiness(node, 200, 10_000)
      await hangUp(await converse(desk2, '100', desk1))
      expect((await desk1.register()).status).toBe(200)
    })
  })
})
