import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pause, systemClock } from '../../../src/base/clock.js'
import type { Phone } from '../../../src/softphones/softphone.js'
import { converse, expectSound, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, hears, logIn } from '../../support/node/login.js'
import { sameAddresses, type TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, passwordOf, pinOf, type TestOffice } from '../../support/node/office.js'
import { watchCommands } from '../../support/redis/redis-monitor.js'
import { createRawPhone } from '../../support/sip/raw-phone.js'
import { openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** Rows of the behaviour table "Sites, restarts, partitions": one node that ends in every way and comes back where its phones look for it. */
describe('a node that ends and starts again', () => {
  let office: TestOffice
  let node: TestNode
  let desk1: Phone
  let desk2: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    node = await office.node('paris-1')
    desk1 = await office.phone('HD0001', node)
    desk2 = await office.phone('HD0002', node)
    await office.follows('reg:HD0001', (registration) => registration !== undefined)
    await office.follows('reg:HD0002', (registration) => registration !== undefined)
  }, 60_000)

  afterAll(() => office.close())

  function startAgain(): Promise<TestNode> {
    return office.node('paris-1', 'paris', { env: sameAddresses(node) })
  }

  async function seat(extension: string, device: string): Promise<void> {
    expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, device)).toMatch(/^(LOGGED_IN|UNCHANGED)$/)
    await office.settled(extension, device)
  }

  describe.each(['SIGTERM', 'SIGKILL'] as const)('by %s', (signal) => {
    let peer: SipPeer

    beforeAll(async () => {
      peer = await openUdpPeer({ port: Number(node.udp.split(':')[1]) })
    })

    afterAll(() => peer.close())

    it('knows its users and its registered phones before it takes the first INVITE, which is sent while it still starts', async () => {
      await seat('100', 'HD0001')
      await seat('101', 'HD0002')
      node.signal(signal)
      expect(await node.exited).toBe(signal === 'SIGTERM' ? 0 : null)
      const phone = createRawPhone({ peer, device: 'HD0002', password: passwordOf('HD0002'), domain })
      const starting = startAgain()
      const first = phone.invite('100')
      try {
        expect(await knock(peer, () => peer.send(first))).toBe('407 INVITE')
        peer.send(phone.authorized(first, await peer.hearsResponse(407)))
        await peer.hearsResponse(180)
        const ringing = await desk1.nextCall()
        expect([ringing.callerName, ringing.callerNumber]).toEqual(['Bob', '101'])
        ringing.reject(486)
        await peer.hearsResponse(486)
      } finally {
        // Whatever came of the call, the next test has the node.
        node = await starting
      }
    })

    it('no phone has registered and no user has logged in meanwhile', async () => {
      expect(node.output()).not.toMatch(/registrar\.bound|hotdesk\.login/)
      expect(await office.redis.cli('HGETALL', '{hd}:devices')).toBe(['HD0001', '100', 'HD0002', '101'].join('\n'))
    })

    it('its calls work in both directions', async () => {
      const call = await converse(desk2, '100', desk1)
      await expectSound(call)
      await hangUp(call)
      await hangUp(await converse(desk1, '101', desk2))
    })
  })

  it('SIGINT, which Ctrl-C sends, hangs up its calls with BYE to both sides, and ends with 0', async () => {
    const { caller, callee } = await converse(desk2, '100', desk1)
    node.signal('SIGINT')
    await Promise.all([caller.ended, callee.ended])
    expect(await node.exited).toBe(0)
    node = await startAgain()
  })

  describe('by kill -9 in the middle of a login', () => {
    it.each(['hotdesk_attempt', 'hotdesk_forgive', 'hotdesk_login'])(
      'as Redis takes %s: the login is there whole or not at all, and the next one works',
      async (step) => {
        await office.redis.cli('FCALL', 'hotdesk_logout', '1', '{hd}', 'HD0001', 'now')
        const watch = await watchCommands(office.redis.socket, (command) => command.includes(step))
        const call = await dialAnswered(desk1, '*77*100*')
        await hears(call)
        void call.audio.press(`${pinOf('100')}#`)
        await watch.seen
        await node.kill()
        watch.close()
        const [where, who] = [await ask('hotdesk_where', '100'), await ask('hotdesk_who', 'HD0001')]
        expect([
          ['NOWHERE', 'FREE'],
          ['AT HD0001', 'OCCUPIED 100'],
        ]).toContainEqual([where, who])
        if (step === 'hotdesk_login') expect(where).toBe('AT HD0001')
        node = await startAgain()
        await logIn(desk1, '100')
        expect(await ask('hotdesk_where', '100')).toBe('AT HD0001')
      },
    )

    function ask(name: string, subject: string): Promise<string> {
      return office.redis.cli('FCALL', name, '1', '{hd}', subject)
    }
  })
})

/** Sends again and again until the first final response is there, and answers that one. */
async function knock(peer: SipPeer, send: () => void): Promise<string> {
  const deadline = systemClock.now() + 15_000
  for (;;) {
    const final = peer.untaken.find((name) => /^[2-6]/.test(name))
    if (final) return final
    if (systemClock.now() > deadline) throw new Error('no answer')
    send()
    await pause(systemClock, 5)
  }
}
