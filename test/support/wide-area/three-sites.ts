import type { TestNode } from '../node/node.js'
import { openTestOffice, passwordOf, type TestOffice } from '../node/office.js'
import { startTestRedis } from '../redis/redis.js'
import { type DeskPhone, type Desks, openDesks } from './desks.js'
import { openInside, openWideArea, type WideArea } from './wide-area.js'

/** Five nodes at three sites, each with phones and a carrier, and Redis at a place of its own. */
export interface ThreeSites {
  readonly area: WideArea<Place>
  readonly office: TestOffice
  readonly nodes: Readonly<Record<NodeWord, TestNode>>
  readonly paris: Carriers
  readonly london: Carriers
  readonly berlin: Carriers
  /** HD0001 at paris-1, HD0002 at paris-2, HD0003 at london-1, HD0004 at london-2, HD0005 at berlin-1. */
  desk(device: string): DeskPhone
  close(): Promise<void>
}

/** The carrier of a site. */
export interface Carriers {
  /** Who is called at, or calls from, that number. */
  line(number: string): DeskPhone
}

type Place = 'paris' | 'london' | 'berlin' | 'centre'
type NodeWord = 'paris-1' | 'paris-2' | 'london-1' | 'london-2' | 'berlin-1'

const plans = {
  paris: { country: '33', outside: '0', elin: '+33199000000', emergency: '112', did: '+3319900010X' },
  london: { country: '44', outside: '9', elin: '+442079460000', emergency: '999', did: '+44207946010X' },
  berlin: { country: '49', outside: '0', elin: '+493023125000', emergency: '112', did: '+49302312510X' },
} as const

/** One name, which each site defines for itself. */
const managerMay = {
  paris: ['internal', 'national', 'mobile', 'international'],
  london: ['internal', 'national'],
  berlin: ['internal', 'national'],
} as const

const desks = [
  ['HD0001', 'paris', 'paris-1', '+33199000001'],
  ['HD0002', 'paris', 'paris-2', '+33199000002'],
  ['HD0003', 'london', 'london-1', '+442079460003'],
  ['HD0004', 'london', 'london-2', '+442079460004'],
  ['HD0005', 'berlin', 'berlin-1', '+493023125005'],
] as const

/** What a profile includes; Paris has none, and insists on its own. */
const profilesOf = {
  paris: { entitlement: 'host-must-have' },
  london: { profiles: { office: ['roaming', 'outside', 'break-out'] } },
  berlin: { profiles: { office: ['roaming', 'pick-up'] } },
} as const

/** The hosts of a site: its nodes, its phones, its carrier. */
const [firstNode, secondNode, phoneHost, carrierHost] = [1, 2, 3, 4]

export async function openThreeSites(): Promise<ThreeSites> {
  const area = await openWideArea<Place>({ sites: { paris: 4, london: 4, berlin: 4, centre: 1 }, delayMs: 50, loss: 0.01 })
  const opened: Closers = [area]
  const close = async (): Promise<void> => {
    const last = opened.pop()
    if (!last) return
    try {
      await last.close()
    } finally {
      await close()
    }
  }
  const sites = await openInside({ close }, () => openSites(area, opened))
  return { ...sites, area, close }
}

type Closers = { close(): Promise<unknown> }[]

/** What is opened here is added to `opened`. */
async function openSites(area: WideArea<Place>, opened: Closers): Promise<Omit<ThreeSites, 'area' | 'close'>> {
  const centre = area.host('centre', 1)
  const redis = await startTestRedis(centre)
  opened.push(redis)
  const office = await openTestOffice(redis)
  opened.push(office)
  await furnish(office)
  const carriers = { paris: await carrierAt('paris'), london: await carrierAt('london'), berlin: await carrierAt('berlin') }
  const start = (node: NodeWord, site: keyof typeof plans, host: number): Promise<TestNode> =>
    office.node(node, site, {
      redis: `redis://${centre.address}:6379`,
      host: area.host(site, host),
      dialplan: planOf(site, carriers[site].address),
    })
  const [paris1, london1, berlin1] = await Promise.all([
    start('paris-1', 'paris', firstNode),
    start('london-1', 'london', firstNode),
    start('berlin-1', 'berlin', firstNode),
  ])
  const [paris2, london2] = await Promise.all([start('paris-2', 'paris', secondNode), start('london-2', 'london', secondNode)])
  const nodes = { 'paris-1': paris1, 'paris-2': paris2, 'london-1': london1, 'london-2': london2, 'berlin-1': berlin1 }
  const phones = new Map<string, DeskPhone>()
  const banks = { paris: await phonesAt('paris'), london: await phonesAt('london'), berlin: await phonesAt('berlin') }
  for (const [device, site, node] of desks) {
    const phone = await banks[site].phone(device, passwordOf(device).reveal(), nodes[node])
    const status = await phone.register()
    if (status !== 200) throw new Error(`${device} was not registered: ${status}`)
    phones.set(device, phone)
  }
  const lines = {
    paris: await linesOf(carriers.paris, nodes['paris-1'], ['112', '+33612345678', '+12025550123']),
    london: await linesOf(carriers.london, nodes['london-1'], ['999', '+442079460999']),
    berlin: await linesOf(carriers.berlin, nodes['berlin-1'], ['112']),
  }

  return {
    office,
    nodes,
    ...lines,
    desk: (device) => found(phones, device),
  }

  async function desksAt(site: keyof typeof plans, host: number): Promise<Desks> {
    const bank = await openDesks(area.host(site, host))
    opened.push(bank)
    return bank
  }

  function carrierAt(site: keyof typeof plans): Promise<Desks> {
    return desksAt(site, carrierHost)
  }

  function phonesAt(site: keyof typeof plans): Promise<Desks> {
    return desksAt(site, phoneHost)
  }
}

async function furnish({ directory, follows }: TestOffice): Promise<void> {
  await directory.putUser('101', { rights: 'manager' })
  await directory.putUser('103', { name: 'Dora', home: 'london', profile: 'office' })
  for (const [id, site, , elin] of desks)
    await directory.putDevice(id, { site, hotdesk: true, password: passwordOf(id), elin, location: `${site}, ${id}` })
  await follows('device:HD0005', (device) => device !== undefined)
}

async function linesOf(carrier: Desks, node: TestNode, numbers: readonly string[]): Promise<Carriers> {
  const lines = new Map<string, DeskPhone>()
  for (const number of numbers) lines.set(number, await carrier.phone(number, '', node))
  return { line: (number) => found(lines, number) }
}

function found(phones: ReadonlyMap<string, DeskPhone>, name: string): DeskPhone {
  const phone = phones.get(name)
  if (!phone) throw new Error(`there is no ${name} among ${[...phones.keys()].join(', ')}`)
  return phone
}

function planOf(site: keyof typeof plans, carrier: string): string {
  const { country, outside, elin, emergency, did } = plans[site]
  return JSON.stringify({
    site,
    elin,
    extensions: ['10X'],
    outside,
    emergency: { '999': emergency, '112': emergency, '911': emergency },
    trunks: { [`${site}-carrier`]: { uri: `sip:${carrier};transport=udp`, callerId: elin } },
    routes: [
      { match: '00Z.', strip: 2, prepend: '+', trunks: [`${site}-carrier`] },
      { match: '0Z.', strip: 1, prepend: `+${country}`, trunks: [`${site}-carrier`] },
    ],
    rights: { manager: { allow: managerMay[site] } },
    ...profilesOf[site],
    shortCodes: { '*68*.': { breakOut: 'any' }, '*8.': { feature: 'pick-up' } },
    dids: { [did]: '10X' },
  })
}
