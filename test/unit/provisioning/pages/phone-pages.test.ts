import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { errors } from '../../../../src/base/errors.js'
import type { DeviceId, Extension, SiteName } from '../../../../src/base/identity.js'
import type { Language } from '../../../../src/base/language.js'
import { silentLogger } from '../../../../src/base/logger.js'
import { loadDialplan } from '../../../../src/dialplan/dialplan.js'
import type { Contact, Device, Site, User } from '../../../../src/directory/directory.js'
import { createPhonePages } from '../../../../src/provisioning/pages/phone-pages.js'
import type { StreamEntry } from '../../../../src/store/store.js'
import { agents, type Make, makes, xmlMakes } from './page-agents.js'

const plan = loadDialplan({
  text: JSON.stringify({
    site: 'paris',
    country: 'FR',
    extensions: ['1XX'],
    outside: '0',
    trunks: { carrier: { uri: 'sip:192.0.2.1:5060;transport=udp' } },
    routes: [{ match: '0X.', trunks: ['carrier'] }],
  }),
  file: 'paris.yaml',
  log: silentLogger(),
})

interface Desk {
  readonly central?: readonly Contact[]
  readonly personal?: readonly Contact[]
  readonly calls?: readonly Readonly<Record<string, string>>[] | null
  readonly loggedIn?: string | null
  readonly state?: string
  readonly language?: Language
  readonly site?: string
  readonly names?: readonly string[]
  /** Whether the record of 100 is. */
  readonly enabled?: boolean
  readonly isCurrent?: boolean
}

const userOf = (extension: string, name: string, language: Language | null = null, enabled = true) =>
  ({ extension, name, home: 'paris', enabled, language }) as User

/** HD0001 in Paris, where 100 is logged in. */
function open({
  central = [],
  personal = [],
  calls = [],
  loggedIn = '100',
  state = 'active',
  language = 'en',
  site = 'paris',
  names = [],
  enabled = true,
  isCurrent = true,
}: Desk) {
  const users = [
    userOf('100', 'Alice', language, enabled),
    userOf('101', 'Bob'),
    ...names.map((name, index) => userOf(String(110 + index), name)),
  ]
  const nameIn = (book: readonly Contact[], forms: readonly string[]) =>
    forms.map((form) => book.find(({ number }) => number === form)?.name).find((name) => name !== undefined) ?? null
  const entries = (calls ?? []).map((fields, index): StreamEntry => ({ id: `${index}-0`, fields: new Map(Object.entries(fields)) }))
  const pages = createPhonePages({
    plan: { current: plan, onChange: () => () => undefined },
    store: {
      replica: { hash: () => new Map([['state', state]]) } as never,
      recent: () => (calls === null ? Promise.reject(errors.STORE_UNAVAILABLE.notConnected()) : Promise.resolve(entries)),
    },
    directory: {
      device: (id) => ({ id, site: site as SiteName, owner: null, model: null }) as Device,
      user: (extension) => users.find((user) => user.extension === extension) ?? null,
      users: () => users,
      site: () => ({ language: 'fr', timezone: 'Europe/Paris', emergency: ['112'] }) as Partial<Site> as Site,
    },
    contacts: {
      of: (owner) => (owner === null ? central : owner === '100' ? personal : []),
      nameOf: (forms, owner) => nameIn(owner === null ? central : personal, forms),
    },
    hotdesk: { userOn: () => loggedIn as Extension | null },
  })
  return async (make: Make, path: string, query = '') => {
    const asked = { device: 'HD0001' as DeviceId, path: `pages/${path}`, query: new URLSearchParams(query) }
    const answer = await pages.answer({
      ...asked,
      userAgent: agents[make],
      pagesBase: 'https://phones.example:8443/p/HD0001.0123456789abcdef0123456789abcdef/Zm9yQW5uYUhl/',
      isCurrent,
    })
    return answer?.body ?? null
  }
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  htmlEntities: true,
  isArray: (name) => lists.includes(name),
})
const lists = ['DirectoryEntry', 'MenuItem', 'SoftKeyItem', 'Contact', 'entry', 'p']

/** Elements and attributes by name. */
type Node = Readonly<Record<string, unknown>>

function read(body: string | null): Node {
  expect(XMLValidator.validate(body ?? '')).toBe(true)
  return parser.parse(body ?? '') as Node
}

function below(node: Node | undefined, name: string): Node {
  return (node?.[name] ?? {}) as Node
}

function all(node: Node, name: string): readonly Node[] {
  return (node[name] ?? []) as readonly Node[]
}

const text = (node: Node, name: string): string => (node[name] ?? '') as string

/** Names and numbers of a page, as a phone of that make finds them. */
function linesOf(make: Make, body: string | null): (readonly [string, string])[] {
  if (make === 'generic') {
    const { lines } = JSON.parse(body ?? '') as { lines: { name: string; number: string | null }[] }
    return lines.map(({ name, number }) => [name, number ?? ''])
  }
  const page = read(body)
  switch (make) {
    case 'poly':
      return all(below(below(page, 'html'), 'body'), 'p')
        .map((line) => below(line, 'a'))
        .filter((link) => text(link, 'href').startsWith('tel:'))
        .map((link) => [text(link, '#text'), decodeURIComponent(text(link, 'href').slice('tel://'.length))])
    case 'gigaset':
      return all(below(page, 'list'), 'entry').map((entry) => [`${text(entry, 'fn')} ${text(entry, 'ln')}`.trim(), text(entry, 'hm')])
    case 'grandstream':
      return all(below(page, 'AddressBook'), 'Contact').map((one) => [text(one, 'LastName'), text(below(one, 'Phone'), 'phonenumber')])
    case 'snom':
      return all(below(page, 'SnomIPPhoneMenu'), 'MenuItem')
        .filter((item) => item.ExtraText !== undefined)
        .map((item) => [text(item, 'name'), text(item, 'ExtraText')])
    default: {
      const [root = ''] = Object.keys(page).filter((name) => name !== '?xml')
      return all(below(page, root), 'DirectoryEntry')
        .filter((entry) => text(entry, 'Telephone') !== '')
        .map((entry) => [text(entry, 'Name'), text(entry, 'Telephone')])
    }
  }
}

describe.each(makes)('the directory of %s', (make) => {
  it('has users and contacts by name, with what is dialled at the site', async () => {
    const page = open({
      central: [
        { number: '+33612345678', name: 'Ärztin' },
        { number: '+442079460100', name: 'Taxi' },
      ],
    })
    expect(linesOf(make, await page(make, 'central'))).toEqual([
      ['Alice', '100'],
      ['Ärztin', '00612345678'],
      ['Bob', '101'],
      ['Taxi', '000442079460100'],
    ])
  })

  it('finds by name', async () => {
    const search = make === 'gigaset' ? 'command=get_list&type=pr&first=1&count=16&ln=BO*&fn=*' : 'q=BO'
    expect(linesOf(make, await open({})(make, 'central', search))).toEqual([['Bob', '101']])
  })

  it('reaches every entry of a long list, page by page', async () => {
    const names = Array.from({ length: 700 }, (_, index) => `N${String(index).padStart(4, '0')}`)
    const page = open({ names })
    const found = await walk(make, page)
    expect(found.map(([name]) => name)).toEqual(['Alice', 'Bob', ...names])
  })

  it('has nothing for a phone where nobody is logged in, or where the user is about to leave', async () => {
    for (const idle of [open({ loggedIn: null }), open({ state: 'draining' }), open({ enabled: false }), open({ isCurrent: false })])
      for (const path of ['central', 'personal', 'calls']) {
        const body = await idle(make, path)
        expect(linesOf(make, body)).toEqual([])
        expect(body).not.toMatch(/Alice|Bob/)
      }
  })

  it('carries every name unchanged, or without what no format can carry', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).map((text) => text.trim().replace(/\s+/g, ' ')),
        async (name) => {
          if (!/^[^\p{C}\p{Z}]+$/u.test(name)) return
          const page = open({ personal: [{ number: '+33612345678', name }] })
          expect(linesOf(make, await page(make, 'personal'))).toEqual([[name, '00612345678']])
        },
      ),
      { numRuns: 50, examples: [['<b>&amp;"\'%n]]>'], ['{{user.pin}}'], ['&#0;'], ['</Name><Name>']] },
    )
  })
})

/** Follows the links of a page as a phone would, in order. */
async function walk(make: Make, page: ReturnType<typeof open>): Promise<(readonly [string, string])[]> {
  if (make === 'gigaset') {
    const found: (readonly [string, string])[] = []
    for (let lines = [['', '']] as (readonly [string, string])[]; lines.length > 0; found.push(...lines))
      lines = linesOf(make, await page(make, 'central', `first=${found.length + 1}&count=30&limit=2048`))
    return found
  }
  const visit = async (query: string): Promise<(readonly [string, string])[]> => {
    const body = await page(make, 'central', query)
    expect(Buffer.byteLength(body ?? '')).toBeLessThanOrEqual(['grandstream', 'fanvil'].includes(make) ? 500_000 : 10_000)
    const links = Array.from((body ?? '').matchAll(/central\?([a-z0-9=&;]*from=[0-9]+[a-z0-9=&;]*)/g), ([, link = '']) =>
      link.replaceAll('&amp;', '&'),
    )
    const onward = links.filter(
      (link) =>
        Number(new URLSearchParams(link).get('from')) > Number(new URLSearchParams(query).get('from') ?? -1) || link.includes('to='),
    )
    const lines = linesOf(make, body)
    const further: (readonly [string, string])[] = []
    for (const link of onward) further.push(...(await visit(link)))
    return [...lines, ...further]
  }
  return visit('')
}

it.each(makes)('an answer to %s has no more lines because the address asks for them', async (make) => {
  const central = Array.from({ length: 3_000 }, (_, index) => ({ number: `+33612${340_000 + index}`, name: `Name ${index}` }))
  const body = (await open({ central })(make, 'central', 'from=0&to=999999&first=1&count=999999')) ?? ''
  expect(body.split('Name ').length - 1).toBeLessThanOrEqual(1_000)
  if (!['grandstream', 'fanvil'].includes(make)) expect(body.split('Name ').length - 1).toBeLessThanOrEqual(64)
})

describe('answers of Yealink', () => {
  it('stay below 10,000 bytes with the longest names and the longest search', async () => {
    for (const worst of ["'", '\u{1f600}']) {
      const names = Array.from({ length: 880 }, () => worst.repeat(100))
      const page = open({ names })
      for (const query of ['', 'from=0&to=28', `q=${encodeURIComponent('\u{1f600}'.repeat(90))}`]) {
        const body = await page('yealink', 'central', query)
        expect(Buffer.byteLength(body ?? '')).toBeLessThanOrEqual(10_000)
      }
    }
  })

  it('take #SEARCH for no search', async () => {
    expect(linesOf('yealink', await open({})('yealink', 'central', 'q=%23SEARCH'))).toHaveLength(2)
  })
})

const call = (fields: Record<string, string>) => ({
  side: 'in',
  talkSeconds: '0',
  reason: 'no answer',
  caller: '101',
  callerName: '',
  dialled: '100',
  began: '2026-11-30T13:05:00.000Z',
  ...fields,
})
const log = [
  call({ caller: '0612345678' }),
  call({ caller: 'anonymous' }),
  call({ reason: 'picked up by 102' }),
  call({ talkSeconds: '9', caller: '+442079460100', callerName: 'Grand Hotel' }),
  call({ side: 'out', dialled: '101' }),
  call({ side: 'out', dialled: '00612345678' }),
  call({ side: 'out', dialled: '112' }),
  call({ side: 'out', dialled: 'unknown' }),
]

describe('the call log', () => {
  const desk = { calls: log, personal: [{ number: '+33612345678', name: 'Mum' }] }

  it.each(xmlMakes.filter((make) => !['grandstream', 'gigaset', 'fanvil'].includes(make)))(
    'of %s begins with the three lists',
    async (make) => {
      const body = await open(desk)(make, 'calls')
      for (const list of ['missed', 'received', 'dialled']) expect(body).toContain(`pages/calls?list=${list}`)
    },
  )

  it('has the missed calls, with the names of the phone books and what calls back; not those that others have taken', async () => {
    const body = await open(desk)('generic', 'calls', 'list=missed')
    expect(linesOf('generic', body)).toEqual([
      ['Mum 30/11 14:05', '00612345678'],
      ['Anonymous 30/11 14:05', ''],
    ])
  })

  it('has the received calls, with the name that the trunk has given', async () => {
    expect(linesOf('generic', await open(desk)('generic', 'calls', 'list=received'))).toEqual([
      ['Grand Hotel 30/11 14:05', '000442079460100'],
    ])
  })

  it('has the dialled calls, and dials none that may be a PIN and no emergency number again', async () => {
    expect(linesOf('generic', await open(desk)('generic', 'calls', 'list=dialled'))).toEqual([
      ['Bob 30/11 14:05', '101'],
      ['Mum 30/11 14:05', '00612345678'],
      ['112 30/11 14:05', ''],
      ['unknown 30/11 14:05', ''],
    ])
  })

  it.each(['grandstream', 'gigaset'] as const)('of %s is one list', async (make) => {
    expect(linesOf(make, await open(desk)(make, 'calls'))).toHaveLength(7)
  })

  it('of fanvil is one list, with the calls of unknown callers', async () => {
    expect((await open(desk)('fanvil', 'calls'))?.match(/<DirectoryEntry>/g)).toHaveLength(7)
  })

  it('is empty while Redis does not answer', async () => {
    expect(await open({ calls: null })('snom', 'calls', 'list=missed')).toContain('Not available now')
  })

  it('leaves numbers as they are at a phone of another site, whose dial plan this node does not know', async () => {
    const body = await open({ ...desk, site: 'london' })('generic', 'calls', 'list=missed')
    expect(linesOf('generic', body)[0]).toEqual(['0612345678 30/11 14:05', '0612345678'])
  })
})

describe('the words of a page', () => {
  it('are in the language of the user, else of the site', async () => {
    expect(text(below(read(await open({ language: 'de' })('cisco', 'calls')), 'CiscoIPPhoneMenu'), 'Title')).toBe('Anrufe')
    expect(text(below(read(await open({ loggedIn: null })('cisco', 'calls')), 'CiscoIPPhoneDirectory'), 'Title')).toBe(
      'Personne n’est connecté',
    )
  })

  it.each(['snom', 'cisco'] as const)('of a search form of %s send the text to the directory', async (make) => {
    const form = read(await open({})(make, 'central', 'ask=1'))
    const url = text(below(form, make === 'snom' ? 'SnomIPPhoneInput' : 'CiscoIPPhoneInput'), 'URL')
    expect(url).toMatch(/\/pages\/central(\?q=__Q__)?$/)
  })
})

it('there is no other page', async () => {
  expect(await open({})('yealink', 'secrets')).toBeNull()
  expect(await open({})('yealink', 'central/../x')).toBeNull()
  expect(await open({})('grandstream', 'central/phonebook.xml')).toContain('AddressBook')
})
