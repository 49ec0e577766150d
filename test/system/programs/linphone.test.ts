import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { dialAnswered, hears } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import { type Linphone, startLinphone } from '../../support/programs/linphone.js'

/** A day with a third-party softphone. Each step continues the one before. */
describe('a Linphone', () => {
  let office: TestOffice
  let node: TestNode
  let linphone: Linphone
  let desk: Phone

  beforeAll(async () => {
    office = await openTestOffice()
    // linphonec sends one key per second, which leaves the default of 3 s little to spare on a busy machine.
    node = await office.node('paris-1', 'paris', { env: { HOTDESK_LOGIN_NEXT_DIGIT_SECONDS: '15' } })
    linphone = await startLinphone('HD0001', node)
    desk = await office.phone('HD0002', node)
    await office.seat({ '101': 'HD0002' })
  }, 60_000)

  afterAll(async () => {
    await linphone?.close()
    await office.close()
  })

  async function logsIn(): Promise<void> {
    linphone.say('call *77*100*')
    await linphone.prints(/Media streams established/)
    await linphone.hears()
    for (const key of `${pinOf('100')}#`) linphone.say(key)
    await linphone.prints(/ended \(/)
    await office.settled('100', 'HD0001')
  }

  it('registers with digest (RFC 3261 §10, §22.4)', async () => {
    await office.redisSays('1', 'EXISTS', '{hd}:reg:HD0001')
  })

  it('hears the prompt, logs in by PIN, and takes the refresh (RFC 6665 §8.2.1)', async () => {
    await logsIn()
    await office.redisSays('sent', 'HGET', '{hd}:device:HD0001', 'refresh')
    expect(await office.redis.cli('HGET', '{hd}:device:HD0001', 'refreshable')).toMatch(/^yes \S/)
    expect(node.output()).not.toContain('phone.stale')
  })

  it('calls, and is hung up', async () => {
    linphone.say('call 101')
    const call = await (await desk.nextCall()).answer()
    await linphone.prints(/Media streams established/)
    await hears(call)
    await call.hangUp()
    await linphone.prints(/ended \(/)
  })

  it('is called as the user who is logged in there, and hangs up', async () => {
    const dialling = dialAnswered(desk, '100')
    expect(await linphone.prints(/Receiving new incoming call from .*/)).toMatch(/Bob.*sip:101@/)
    linphone.say('answer')
    const call = await dialling
    await hears(call)
    linphone.say('terminate')
    await call.ended
  })

  it('logs out by dial code', async () => {
    await linphone.prints(/ended \(/)
    linphone.say('call *77*5*')
    await linphone.prints(/ended \(/)
    await office.redisSays('0', 'HEXISTS', '{hd}:devices', 'HD0001')
  })

  it('does not ask for a password when it dials while nobody is logged in, and its account stays as it was', async () => {
    const before = linphone.output().length
    linphone.say('call 101')
    await linphone.prints(/error\.|ended \(/)
    // If linphonec asked for a password, it would take this line as the password.
    await logsIn()
    expect(linphone.output().slice(before)).not.toMatch(/password/i)
    await linphone.unregister()
    await office.redisSays('0', 'EXISTS', '{hd}:reg:HD0001')
    linphone.say('register')
    await office.redisSays('1', 'EXISTS', '{hd}:reg:HD0001')
  })
})
