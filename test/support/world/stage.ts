import { Secret } from '../../../src/base/secret.js'
import { hashPin } from '../../../src/hotdesk/hotdesk.js'
import type { TestNode } from '../node/node.js'
import { domain, openTestOffice, passwordOf, type TestOffice } from '../node/office.js'
import { planOver } from '../sip/carrier.js'
import type { Role, Transport, WorldCase } from './case-file.js'
import { wayOver } from './heal.js'
import { writeMessage } from './message.js'
import { openParty, type Party } from './party.js'
import { type Scene, scenes } from './scenes.js'

/** One node with its phones and trunks, for all cases. */
export interface WorldStage {
  readonly office: TestOffice
  readonly node: TestNode
  /** Who has which part in a case. */
  cast(scene: string, over?: WorldCase['over']): Cast
  readonly all: readonly Party[]
  close(): Promise<void>
}

export type Cast = Readonly<Record<Role, Party>>

/** The user without a phone who logs in, and the PIN. */
export const visitor = { extension: '107', pin: '8264' }
export const freeDevice = 'HD0004'

/** Who sits where. The callee and the caller have a phone of each transport. */
const seats = {
  caller: { udp: ['HD0001', '100'], tcp: ['HD0005', '103'], ws: ['HD0007', '105'] },
  callee: { udp: ['HD0002', '101'], tcp: ['HD0006', '104'], ws: ['HD0008', '106'] },
  third: { udp: ['HD0003', '102'] },
} as const

export async function openWorldStage(): Promise<WorldStage> {
  const office = await openTestOffice()
  await addPeople(office)
  let running: TestNode | null = null
  const node = (): TestNode => {
    if (!running) throw new Error('the node has not started')
    return running
  }
  const party = (device: string, number: string, transport: Transport): Promise<Party> =>
    openParty({ device, password: device === '' ? new Secret('') : passwordOf(device), number, domain, transport, node })

  const [trunk, trunk2] = [await party('', '+33199000123', 'udp'), await party('', '+33199000123', 'udp')]
  running = await office.node('paris-1', 'paris', {
    dialplan: planOf(trunk, trunk2),
    env: { HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tcp://127.0.0.1:0,ws://127.0.0.1:0' },
  })
  const phones = new Map<string, Party>()
  for (const [role, places] of Object.entries(seats)) {
    for (const [transport, seat] of Object.entries(places)) {
      const [device, number] = seat as readonly [string, string]
      const phone = await party(device, number, transport as Transport)
      await register(phone)
      phones.set(`${role} ${transport}`, phone)
      await office.seat({ [number]: device })
    }
  }
  const free = await party(freeDevice, '', 'udp')
  await register(free)
  const all = [trunk, trunk2, free, ...phones.values()]
  const phone = (role: string, transport: Transport = 'udp'): Party => {
    const found = phones.get(`${role} ${transport}`)
    if (!found) throw new Error(`no ${role} over ${transport}`)
    return found
  }

  return {
    office,
    node: running,
    all,
    cast(scene, over = {}) {
      const { from, to }: Scene = scenes[scene as keyof typeof scenes]
      const caller = from === 'trunk' ? trunk : from === 'free phone' ? free : phone('caller', over.caller)
      const callee = to === 'trunk' ? trunk : phone('callee', over.callee)
      return { caller, callee, third: phone('third'), trunk, trunk2 }
    },
    async close() {
      for (const each of all) await each.close()
      await office.close()
    },
  }
}

/** Two trunks for everything, and one number for each trunk alone. The first takes a password. */
function planOf(trunk: Party, trunk2: Party): string {
  const first = { address: trunk.address, location: 'none', username: 'world', password: 'Pw-of-the-trunk-zx81' }
  const plan = JSON.parse(planOver(first, trunk2.address)) as { routes: object[] }
  const single = Object.entries(wayOver).map(([name, prefix]) => ({ match: `${prefix}X.`, strip: 4, prepend: '+', trunks: [name] }))
  return JSON.stringify({ ...plan, routes: [...plan.routes, ...single] })
}

async function addPeople(office: TestOffice): Promise<void> {
  const pinHash = await hashPin(new Secret(visitor.pin))
  for (const extension of ['103', '104', '105', '106', visitor.extension]) {
    await office.directory.putUser(extension, { name: `Visitor ${extension}`, home: 'paris', pinHash })
  }
  for (const device of ['HD0005', 'HD0006', 'HD0007', 'HD0008']) {
    const location = `Paris, desk ${device}`
    await office.directory.putDevice(device, {
      site: 'paris',
      hotdesk: true,
      password: passwordOf(device),
      elin: `+331990000${device.slice(-2)}`,
      location,
    })
  }
}

/** A plain registration for the time of the test. */
async function register(phone: Party): Promise<void> {
  const uri = `sip:${domain}`
  const fields = phone.fields('REGISTER', `sip:${phone.device}@${domain}`, `register-${phone.device}`)
  phone.send(writeMessage(`REGISTER ${uri} SIP/2.0`, fields))
  const challenge = await phone.response('401', ({ status }) => status === 401)
  const again = fields.map(([name, value]) => [name, name === 'Via' ? phone.via() : name === 'CSeq' ? '2 REGISTER' : value] as const)
  phone.send(writeMessage(`REGISTER ${uri} SIP/2.0`, [...again, phone.answer(challenge, { method: 'REGISTER', uri, body: '' })]))
  await phone.response('200', ({ status }) => status === 200)
}
