import { XMLParser } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { mac, useProvisioningStages } from '../support/node/provisioning-stage.js'
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

/** The folder of the pages in the phone's configuration. */
async function pagesFolder({ fetch }: Stage, own: string): Promise<string> {
  const { body } = await fetch(`${own}${mac}.cfg`)
  return /= http:\/\/phones\.example(\/p\/[\w.-]+\/[\w-]{12}\/)pages\/calls/.exec(body)?.[1] ?? 'there are none'
}

describe('pages of a phone', () => {
  test('are those of the user who is logged in there; addresses of the previous user, or of a phone without one, show nothing', async () => {
    const stage = await open()
    const own = await stage.issue()
    await stage.store.putFields('contacts', { '+442079460100': 'Taxi' })
    await stage.store.putFields('contacts:100', { '+33612345678': 'Mum' })
    await stage.store.append(
      'calls:100',
      { side: 'in', caller: '0612345678', talkSeconds: '0', began: '2026-11-30T13:05:00.000Z' },
      { entries: 10 },
    )
    await keyOf(stage.store, 'contacts:100', (book) => book !== undefined)
    await seat(stage, '100')
    const ofAlice = await pagesFolder(stage, own)
    const alices = ['Mum 30/11 13:05 00612345678']
    expect(await listed(stage, `${ofAlice}pages/personal`)).toEqual(['Mum 00612345678'])
    expect(await listed(stage, `${ofAlice}pages/central?q=taxi`)).toEqual(['Taxi 000442079460100'])
    expect(await listed(stage, `${ofAlice}pages/calls?list=missed`)).toEqual(alices)
    await seat(stage, '101')
    const ofBob = await pagesFolder(stage, own)
    expect(await listed(stage, `${ofBob}pages/central?q=taxi`)).toEqual(['Taxi 000442079460100'])
    for (const page of ['personal', 'calls?list=missed']) expect(await listed(stage, `${ofBob}pages/${page}`)).toEqual(['No entries'])
    expect(await listed(stage, `${ofAlice}pages/central`)).toEqual(['No entries'])
    await seat(stage, null)
    for (const page of ['central', 'personal', 'calls']) expect(await listed(stage, `${ofBob}pages/${page}`)).toEqual(['No entries'])
    await seat(stage, '100')
    expect(await listed(stage, `${ofBob}pages/calls?list=missed`)).toEqual(['No entries'])
    expect(await listed(stage, `${ofAlice}pages/calls?list=missed`)).toEqual(alices)
  })

  test('are served to nobody who does not know the address, and its secret opens no configuration', async () => {
    const stage = await open()
    const own = await stage.issue()
    await seat(stage, '100')
    const folder = await pagesFolder(stage, own)
    const guessed = folder.replace(/.\/([\w-]{12}\/)$/, (end, ofUser: string) => `${end.startsWith('0') ? '1' : '0'}/${ofUser}`)
    expect((await stage.fetch(`${guessed}pages/central`)).status).toBe(403)
    expect((await stage.fetch('/p/Zm9yQW5uYUhl/pages/central')).status).toBe(401)
    expect((await stage.fetch(`${folder.replace(/[\w-]{12}\/$/, '')}${mac}.cfg`)).status).toBe(403)
    expect((await stage.fetch(`${folder}pages/other`)).status).toBe(404)
  })
})
