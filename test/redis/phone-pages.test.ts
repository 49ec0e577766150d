import { XMLParser } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { useProvisioningStages } from '../support/node/provisioning-stage.js'
import { keyOf } from '../support/redis/redis-store.js'

const open = useProvisioningStages()
const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'DirectoryEntry' })

type Stage = Awaited<ReturnType<typeof open>>
type Entry = { readonly Name: string; readonly Telephone: string }

async function listed({ fetch }: Stage, url: string): Promise<string[]> {
  const { status, headers, body } = await fetch(url)
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'text/xml; charset=utf-8', 'no-store'])
  const { YealinkIPPhoneDirectory: directory } = parser.parse(body) as { YealinkIPPhoneDirectory: { DirectoryEntry: readonly Entry[] } }
  return directory.DirectoryEntry.map(({ Name, Telephone }) => `${Name} ${Telephone}`.trim())
}

async function seat({ store }: Stage, user: string | null): Promise<void> {
  if (user !== null) await store.putFields(`user:${user}`, { name: user === '100' ? 'Alice' : 'Bob', home: 'paris' })
  await (user === null ? store.call('hotdesk_logout', 'HD0001') : store.call('hotdesk_login', user, 'HD0001'))
  await keyOf(store, 'devices', (devices) => (devices?.get('HD0001') ?? null) === user)
}

describe('pages of a phone', () => {
  test('follow the user who is logged in there, and have nothing for a phone without one', async () => {
    const stage = await open()
    const folder = await stage.issue('pages')
    await stage.store.putFields('contacts', { '+442079460100': 'Taxi' })
    await stage.store.putFields('contacts:100', { '+33612345678': 'Mum' })
    await stage.store.append(
      'calls:100',
      { side: 'in', caller: '0612345678', talkSeconds: '0', began: '2026-11-30T13:05:00.000Z' },
      { entries: 10 },
    )
    await keyOf(stage.store, 'contacts:100', (book) => book !== undefined)
    await seat(stage, '100')
    expect(await listed(stage, `${folder}pages/personal`)).toEqual(['Mum 00612345678'])
    expect(await listed(stage, `${folder}pages/central?q=taxi`)).toEqual(['Taxi 000442079460100'])
    expect(await listed(stage, `${folder}pages/calls?list=missed`)).toEqual(['Mum 30/11 13:05 00612345678'])
    await seat(stage, '101')
    for (const page of ['personal', 'calls?list=missed']) expect(await listed(stage, `${folder}pages/${page}`)).toEqual(['No entries'])
    await seat(stage, null)
    for (const page of ['central', 'personal', 'calls']) expect(await listed(stage, `${folder}pages/${page}`)).toEqual(['No entries'])
  })

  test('are served to nobody who does not know the address, and its secret opens no configuration', async () => {
    const stage = await open()
    const folder = await stage.issue('pages')
    await seat(stage, '100')
    const guessed = folder.replace(/.\/$/, (end) => (end === '0/' ? '1/' : '0/'))
    expect((await stage.fetch(`${guessed}pages/central`)).status).toBe(403)
    expect((await stage.fetch('/p/pages/central')).status).toBe(401)
    expect((await stage.fetch(`${folder}0015651a2b3c.cfg`)).status).toBe(403)
    expect((await stage.fetch(`${folder}pages/other`)).status).toBe(404)
  })
})
