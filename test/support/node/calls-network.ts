import type { Phone } from '../../../src/softphones/softphone.js'
import { type Carrier, openCarrier } from '../sip/carrier.js'
import type { TestNode } from './node.js'
import { openTestOffice, passwordOf, type TestOffice } from './office.js'

/** Two sites with a node and a carrier each, their users and phones, as `who-reaches-whom.md` describes them. */
export interface CallsNetwork {
  readonly office: TestOffice
  /** The phone of this caller; a trunk's caller is a line of its carrier. */
  caller(name: string, dials: string): Phone
  /** `HD0002`, or a carrier and the number that it gets: `paris-carrier 112`. */
  party(name: string): Phone
  close(): Promise<void>
}

const phones = {
  'idle phone': 'HD0003',
  'user at home': 'HD0001',
  'user away': 'HD0005',
  'user of London': 'HD0006',
} as const

/** A caller from outside, as the carrier of Paris shows them. */
const outsider = '+33612345678'

const users = [
  ['101', { name: 'Bob', home: 'paris' }],
  ['103', { name: 'Dora', home: 'london' }],
  ['104', { name: 'Emil', home: 'paris' }],
  ['105', { name: 'Fleur', home: 'paris' }],
] as const

const seats = { 100: 'HD0001', 101: 'HD0005', 103: 'HD0006', 104: 'HD0002', 105: 'HD0007' }

export async function openCallsNetwork(): Promise<CallsNetwork> {
  const office = await openTestOffice()
  const carriers: Readonly<Record<string, Carrier>> = { 'paris-carrier': await openCarrier(), 'london-carrier': await openCarrier() }
  await settle(office)
  const paris = await office.node('paris-1', 'paris', { dialplan: parisPlan(carriers['paris-carrier']?.address ?? '') })
  const london = await office.node('london-1', 'london', { dialplan: londonPlan(carriers['london-carrier']?.address ?? '') })
  const desks = await openDesks(office, { paris, london })
  await office.seat(seats)
  return {
    office,
    caller(name) {
      if (name === 'trunk of Paris') return line('paris-carrier', outsider, paris.udp)
      return desk(phones[name as keyof typeof phones] ?? name)
    },
    party(name) {
      const [carrier = '', number] = name.split(' ')
      return number === undefined ? desk(carrier) : line(carrier, number)
    },
    async close() {
      for (const carrier of Object.values(carriers)) await carrier.close()
      await office.close()
    },
  }

  function desk(id: string): Phone {
    const found = desks.get(id)
    if (!found) throw new Error(`the table names ${id}, which is neither a caller nor a phone`)
    return found
  }

  function line(carrier: string, number: string, towards?: string): Phone {
    const found = carriers[carrier]
    if (!found) throw new Error(`the table names ${carrier}, which is not a carrier`)
    return found.line(number, towards)
  }
}

async function settle({ directory, follows }: TestOffice): Promise<void> {
  for (const [extension, edit] of users) await directory.putUser(extension, edit)
  for (const number of [5, 6, 7]) {
    const id = `HD000${number}`
    const elin = `+44207946000${number}`
    await directory.putDevice(id, { site: 'london', hotdesk: true, password: passwordOf(id), elin, location: `London, desk ${number}` })
  }
  await follows('device:HD0007', (device) => device !== undefined)
}

async function openDesks(
  office: TestOffice,
  { paris, london }: Readonly<Record<'paris' | 'london', TestNode>>,
): Promise<Map<string, Phone>> {
  const desks = new Map<string, Phone>()
  for (const [id, node] of [
    ['HD0001', paris],
    ['HD0002', paris],
    ['HD0003', paris],
    ['HD0005', london],
    ['HD0006', london],
    ['HD0007', london],
  ] as const)
    desks.set(id, await office.phone(id, node))
  return desks
}

function parisPlan(carrier: string): string {
  return JSON.stringify({
    site: 'paris',
    elin: '+33199000000',
    extensions: ['10X'],
    outside: '0',
    emergency: { '112': '112', '911': '112', '999': '112', '15': '15' },
    trunks: { 'paris-carrier': { uri: `sip:${carrier};transport=udp`, from: ['127.0.0.1'], callerId: '+33199000000' } },
    routes: [
      { match: '00Z.', strip: 2, prepend: '+', trunks: ['paris-carrier'] },
      { match: '0ZXXXXXXXX', strip: 1, prepend: '+33', trunks: ['paris-carrier'] },
    ],
    shortCodes: { '*68*.': { breakOut: 'any' }, '*6944.': { breakOut: 'london' }, '00892.': { barred: 'yes' } },
    dids: { '+3319900010X': '10X' },
    profiles: { power: ['roaming', 'outside'], office: ['roaming', 'outside'] },
  })
}

function londonPlan(carrier: string): string {
  return JSON.stringify({
    site: 'london',
    elin: '+442079460000',
    extensions: ['10X'],
    outside: '9',
    emergency: { '999': '999', '112': '999', '911': '999', '15': '999' },
    trunks: { 'london-carrier': { uri: `sip:${carrier};transport=udp`, from: ['127.0.0.1'], callerId: '+442079460000' } },
    routes: [
      { match: '00Z.', strip: 2, prepend: '+', trunks: ['london-carrier'] },
      { match: '0ZXXXXXXXXX', strip: 1, prepend: '+44', trunks: ['london-carrier'] },
    ],
    shortCodes: { '*68*.': { breakOut: 'any' }, '90909.': { barred: 'yes' } },
    dids: { '+44207946010X': '10X' },
    profiles: { office: ['roaming', 'pick-up'] },
    entitlement: 'host-must-have',
  })
}
