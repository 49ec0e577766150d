import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { tlsSampleFiles } from '../../support/net/tls-sample.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { type BaresipPhone, bringTogether, byFarEnd, logInAt, openBaresipPhone } from '../../support/programs/baresip-phone.js'

/** One phone over TLS, one over UDP; each step goes on from the one before. That baresip looks at no certificate. */
describe('a baresip phone over TLS (RFC 3261 §26.3.1)', () => {
  let office: TestOffice
  let node: TestNode
  let alice: BaresipPhone
  let bob: BaresipPhone

  beforeAll(async () => {
    office = await openTestOffice()
    const { certificate, key } = tlsSampleFiles('first')
    node = await office.node('paris-1', 'paris', {
      env: {
        HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tls://127.0.0.1:0',
        HOTDESK_SIP_TLS_CERTIFICATE: certificate,
        HOTDESK_SIP_TLS_KEY: key,
      },
    })
    alice = await openBaresipPhone('HD0001', node)
    bob = await openBaresipPhone('HD0002', node)
  }, 60_000)

  afterAll(async () => {
    await Promise.all([alice?.close(), bob?.close()])
    await office.close()
  })

  /** Both hear each other, and the callee hangs up. */
  async function call(caller: BaresipPhone, number: string, callee: BaresipPhone): Promise<void> {
    await bringTogether(caller, number, callee)
    await callee.hangUp()
    expect(await caller.ends()).toBe(byFarEnd)
    await callee.ends()
  }

  it('registers with digest and is reached over the connection that it opened (RFC 5626 §5.3)', async () => {
    await Promise.all([alice.register('tls'), bob.register('udp')])
    await vi.waitFor(async () => expect(await office.redis.cli('HGET', '{hd}:reg:HD0001', 'flow')).toMatch(/;transport=tls$/), 20_000)
  })

  it('logs in by *77*100* and the PIN', async () => {
    await logInAt(alice, '100')
    await logInAt(bob, '101')
    expect(await office.redis.cli('HMGET', '{hd}:users', '100', '101')).toBe(['HD0001', 'HD0002'].join('\n'))
  })

  it('is asked to fetch its configuration', async () => {
    await vi.waitFor(() => expect(alice.baresip.output()).toMatch(/TLS [\d.:]+ -> [\d.:]+\s+NOTIFY sip:/), 20_000)
  })

  it('is called on that connection, and calls', async () => {
    await call(bob, '100', alice)
    await call(alice, '101', bob)
  })

  it('is not reachable when it has un-registered, and rings when it has registered again', async () => {
    await alice.unregister()
    await office.redisSays('0', 'EXISTS', '{hd}:reg:HD0001')
    await bob.dial('100')
    expect(await bob.ends()).toBe('480 Phone Not Reachable')
    await alice.register('tls')
    await call(bob, '100', alice)
  })

  it('logs out by *77*5*', async () => {
    await alice.dial('*77*5*')
    await alice.talks()
    await alice.hears()
    expect(await alice.ends()).toBe(byFarEnd)
    expect(await office.redis.cli('HEXISTS', '{hd}:devices', 'HD0001')).toBe('0')
  })
})
