import { parseDeviceId, parseExtension } from '../../../src/base/identity.js'
import { Secret } from '../../../src/base/secret.js'
import type { Device, Site, User } from '../../../src/directory/directory.js'
import { parseDevice, parseSite, parseUser } from '../../../src/directory/records.js'
import { modelIn } from '../../../src/phone-models/phone-models.js'
import type { PhoneView } from '../../../src/provisioning/view/phone-view.js'
import { phoneViewOf } from '../../../src/provisioning/view/view-of-phone.js'
import { sealWith } from '../node/default-settings.js'

const fields = (record: Readonly<Record<string, string>>) => new Map(Object.entries(record))

function found<Value>(value: Value | null): Value {
  if (value === null) throw new RangeError('a record of the scene is wrong')
  return value
}

/** Records as they stand in Redis. Paris has codes for everything, London lacks some. */
const sites: readonly Site[] = [
  siteOf('paris', {
    timezone: 'Europe/Paris',
    language: 'fr',
    emergency: '15 17 18 112',
    codes:
      'login=*77* logout=*77*5* pick-up=*8 park=*70 voicemail=*97 break-out.london=*44* do-not-disturb-toggle=*26 forward-always-toggle=*22*',
    closedCodes: '*77*5* *77*10X* *26 *97 #21',
  }),
  siteOf('london', { timezone: 'Europe/London', language: 'en', emergency: '999 112', codes: 'login=*77* logout=*77*5*', closedCodes: '' }),
]

function siteOf(name: string, record: Readonly<Record<string, string>>): Site {
  return found(parseSite(name as Site['id'], fields(record)).value)
}

function userOf(extension: string, record: Readonly<Record<string, string>>): User {
  return found(parseUser(found(parseExtension(extension)), fields({ home: 'paris', ...record })).value)
}

const manyKeys = Array.from({ length: 110 }, (_, index) => `blf:${400 + index}`)

export const users = {
  /** At home, with a key of each type. */
  anna: userOf('100', {
    name: 'Anna Martin',
    keys: 'line="Ligne 1", blf:101="Bob, accueil", speed:0794600="Taxi", feature:*97, break-out:london*100, park:1, pick-up, pick-up:101, forward:0612345678, dnd, text="Équipe", appearance:104@london',
  }),
  /** A visitor, some of whose keys need codes of their home site. */
  bob: userOf('200', {
    name: 'Bob Smith',
    home: 'london',
    language: 'en',
    keys: 'line, blf:100, feature:*99@london="Doors", break-out:new-york, park:2',
  }),
  /** With more keys than any phone has, and a name that means something in every format. */
  zoe: userOf('300', { name: 'Zoë "100%" <b>O\'Neil & #1 %NULL%', keys: ['line', 'blf:101="<b>&\'%;"', ...manyKeys].join(', ') }),
}

const names: Readonly<Record<string, string>> = { '100': 'Anna Martin', '101': 'Bernd Weiß', '400': 'Ann & Co' }

export const phoneStates = {
  idle: {},
  home: { user: users.anna },
  visitor: { user: users.bob },
  draining: { user: users.anna, isDraining: true },
  overflow: { user: users.zoe, modules: '1' },
} satisfies Record<string, Sitting>

interface Sitting {
  readonly user?: User
  readonly isDraining?: boolean
  /** Expansion modules. */
  readonly modules?: string
  /** The user only owns the phone. */
  readonly isOwner?: boolean
  readonly hotdesk?: 'yes' | 'no'
}

function deviceOf({ modules = '0', hotdesk = 'yes' }: Sitting, model: string): Device {
  const record = { site: 'paris', location: 'Bât. A', mac: '0015651a2b3c', hotdesk, model, modules }
  return found(parseDevice(found(parseDeviceId('HD0001')), fields(record), sealWith('phones')).value)
}

/** A phone in Paris. @param model with the maker: `Yealink T54W` */
export function sceneOf(model: string, sitting: Sitting): PhoneView {
  return phoneViewOf({
    device: deviceOf(sitting, model),
    password: new Secret('p4ss&"<word>'),
    model: modelIn(null, model),
    user: sitting.user ?? null,
    isLoggedIn: sitting.user !== undefined && sitting.isOwner !== true,
    isDraining: sitting.isDraining === true,
    line: {
      domain: 'sip.example.com',
      servers: [
        { host: '192.0.2.10', port: 5060, transport: 'udp' },
        { host: 'node2.example.com', port: 5061, transport: 'tls' },
      ],
      expiresSeconds: 600,
      subscribeSeconds: 1800,
    },
    folder: null,
    pages: { central: pageOf('central'), personal: pageOf('personal'), calls: pageOf('calls') },
    epoch: '7',
    network: { site: (id) => sites.find((site) => site.id === id) ?? null, nameOf: (extension) => names[extension] ?? null, year: 2026 },
  })
}

function pageOf(name: string): string {
  return `https://phones.example.com/p/token/pages/${name}`
}
