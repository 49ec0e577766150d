import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseKeys } from '../../../src/directory/directory.js'
import type { SipMessage } from '../../../src/sip/message/message.js'
import type { TestNode } from '../../support/node/node.js'
import { domain, openTestOffice, pinOf, type TestOffice } from '../../support/node/office.js'
import { createDeskPhone, type DeskPhone } from '../../support/phones/desk-phone.js'
import { folderOfPhone } from '../../support/phones/folder-of-phone.js'
import { habits, mac } from '../../support/phones/phone-habits.js'

/** Yealink phones at two desks. 100 has messages, 101 has none. */
let office: TestOffice
let node: TestNode
let first: DeskPhone
let second: DeskPhone

beforeAll(async () => {
  office = await openTestOffice()
  node = await office.node('paris-1')
  for (const user of ['100', '101']) await office.directory.putUser(user, { keys: parseKeys('line, blf:102') ?? [] })
  await office.redis.cli('HSET', '{hd}:contacts:100', '+33612345678', 'Mum')
  await office.redis.cli('HSET', '{hd}:messages:100', 'waiting', 'yes', 'new', '2', 'old', '0')
  first = await phoneAt('HD0001')
  second = await phoneAt('HD0002')
}, 60_000)

afterAll(async () => {
  await first.close()
  await second.close()
  await office.close()
})

async function phoneAt(device: string): Promise<DeskPhone> {
  const [yealink] = habits.filter(({ family }) => family === 'yealink')
  if (!yealink) throw new Error('there is no Yealink phone')
  const folder = await folderOfPhone(device, node, office)
  const phone = await createDeskPhone({ habits: yealink, folder, domain, port: Number(node.udp.split(':')[1]) })
  await phone.boot()
  return phone
}

async function lampOf(phone: DeskPhone, text: string): Promise<void> {
  const isIt = (message: SipMessage): boolean => message.first('Event') === 'message-summary' && message.body.toString().includes(text)
  await phone.peer.hears(text, isIt)
}

/** The NOTIFY that ends the lamp of a colleague. It has no state: the phone has another user. */
async function watchesNoMore(phone: DeskPhone): Promise<void> {
  const isLast = (message: SipMessage): boolean =>
    message.first('Subscription-State') === 'terminated;reason=deactivated' && message.body.length === 0
  await phone.peer.hears('the end of a lamp', isLast)
}

const personal = (phone: DeskPhone): Promise<string | null> => phone.directory('personal')

it('a user who logs in at another phone takes display, keys, lamps, messages and contacts with them', async () => {
  await first.logIn('100', pinOf('100'))
  await first.refreshed()
  expect(first.shows).toBe('100 Alice')
  await lampOf(first, 'Voice-Message: 2/0')
  await first.lamp(2, 'confirmed')
  expect(await personal(first)).toContain('Mum')
  await second.logIn('100', pinOf('100'))
  await watchesNoMore(first)
  await lampOf(first, 'Messages-Waiting: no')
  await lampOf(second, 'Voice-Message: 2/0')
  await first.refreshed()
  await second.refreshed()
  expect([first.shows, second.shows]).toEqual(['HD0001', '100 Alice'])
  expect([first, second].map(({ keys }) => keys[2]?.watches)).toEqual([null, '102'])
  expect(await personal(first)).toBe(null)
  expect(await personal(second)).toContain('Mum')
}, 60_000)

it('a user who logs in where another one sits gets nothing of theirs', async () => {
  await second.lamp(2, 'confirmed')
  await second.logIn('101', pinOf('101'))
  await watchesNoMore(second)
  await lampOf(second, 'Messages-Waiting: no')
  await second.refreshed()
  expect(second.shows).toBe('101 Bob')
  expect(await personal(second)).not.toContain('Mum')
})

it('an edit of keys and language, and one of the refresh by hand, reach the phone', async () => {
  await office.redisSays('fetched', 'HGET', '{hd}:device:HD0002', 'refresh')
  await office.directory.putUser('101', { keys: parseKeys('line, speed:0123="Taxi"') ?? [], language: 'de' })
  await second.refreshed()
  expect(second.keys.slice(0, 4).map(({ label }) => label)).toEqual(['Abmelden', '101', 'Taxi', ''])
  await office.redisSays('fetched', 'HGET', '{hd}:device:HD0002', 'refresh')
  await office.redis.cli('HSET', '{hd}:device:HD0002', 'refresh', 'pending')
  await second.refreshed()
  expect(second.asked.at(-1)).toBe(`${mac}.cfg 200`)
})
