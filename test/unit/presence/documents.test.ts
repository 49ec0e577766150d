import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dialogInfo } from '../../../src/presence/documents/dialog-info.js'
import { presenceDocument } from '../../../src/presence/documents/presence-document.js'
import { resourceList } from '../../../src/presence/documents/resource-list.js'
import type { LampState } from '../../../src/presence/watched/lamp-state.js'
import { type Element, readXml } from '../../support/repo/xml.js'
import { readMultipart } from '../../support/sip/multipart.js'

const entity = 'sip:101@hotdesk.test'
const common = { entity, name: '101', domain: 'hotdesk.test', language: 'en' } as const
const ringing: LampState = { word: 'ringing', call: { id: 'ab12', state: 'ringing', caller: { name: 'Anna', number: '100' } } }
const busy: LampState = { word: 'busy', call: { id: 'ab12', state: 'up', caller: null } }

function lamp(state: LampState, parts: { readonly version?: number; readonly lastCall?: string | null } = {}): Element {
  return readXml(dialogInfo({ ...common, state, version: 0, lastCall: null, ...parts }))
}

const space = 'urn:ietf:params:xml:ns:dialog-info'

function child({ children }: Element, name: string): Element | undefined {
  return children.find((each) => each.name === `${space} ${name}`)
}

describe('a dialog-info document (RFC 4235 §4)', () => {
  it.each([
    ['idle', 'terminated'],
    ['free', 'terminated'],
    ['off', 'terminated'],
    ['busy', 'confirmed'],
    ['not-logged-in', 'confirmed'],
    ['do-not-disturb', 'confirmed'],
    ['occupied', 'confirmed'],
    ['on', 'confirmed'],
  ] as const)('of %s has exactly one dialog, which is %s', (word, state) => {
    const { children } = lamp({ word, call: null })
    expect(children.map(({ name }) => name)).toEqual([`${space} dialog`])
    expect(children.flatMap((dialog) => child(dialog, 'state')?.text)).toEqual([state])
  })

  it('has the full state, the version of its subscription, and the address as it was subscribed to', () => {
    expect(lamp(busy, { version: 7 }).attributes).toMatchObject({ version: '7', state: 'full', entity })
  })

  it('keeps the id of a dialog from early to terminated (§4.1.2)', () => {
    const ids = [lamp(ringing), lamp(busy), lamp({ word: 'idle', call: null }, { lastCall: 'ab12' })].map(
      ({ children }) => children[0]?.attributes.id,
    )
    expect(ids).toEqual(['ab12', 'ab12', 'ab12'])
  })

  it('of a call that rings names it for a pick-up by Replaces, and its caller', () => {
    const dialog = lamp(ringing).children[0]
    expect(dialog?.attributes).toEqual({
      id: 'ab12',
      'call-id': 'pick-up-101-ab12',
      'local-tag': 'ab12',
      'remote-tag': 'hotdesk',
      direction: 'recipient',
    })
    const remote = dialog && child(dialog, 'remote')
    expect(remote?.children.map(({ text, attributes }) => [text, attributes])).toEqual([
      ['sip:100@hotdesk.test', { display: 'Anna' }],
      ['', { uri: 'sip:100@hotdesk.test' }],
    ])
  })

  it('of a caller who is not to be shown names nobody, and stays one to pick up', () => {
    const text = dialogInfo({
      ...common,
      state: { word: 'ringing', call: { id: 'ab12', state: 'ringing', caller: null } },
      version: 0,
      lastCall: null,
    })
    expect(text).toContain('sip:anonymous@anonymous.invalid')
    expect(text).toContain('call-id="pick-up-101-ab12"')
  })

  it('of a call that is up does not say with whom, and of the others says why the lamp is lit, in the language of the user', () => {
    expect(dialogInfo({ ...common, state: busy, version: 0, lastCall: null })).not.toContain('<remote>')
    const away = dialogInfo({ ...common, language: 'de', state: { word: 'not-logged-in', call: null }, version: 0, lastCall: null })
    expect(away).toContain('display="Nicht angemeldet"')
  })

  it('is well-formed whatever names and addresses contain', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, number, address) => {
        const state: LampState = { word: 'ringing', call: { id: 'ab12', state: 'ringing', caller: { name, number } } }
        const parts = { ...common, entity: address, name: address, state }
        expect(readXml(dialogInfo({ ...parts, version: 0, lastCall: name })).children).toHaveLength(1)
        readXml(presenceDocument(parts))
      }),
    )
  })
})

describe('a presence document (RFC 3863)', () => {
  it.each([
    ['idle', 'open', ''],
    ['busy', 'open', 'on-the-phone'],
    ['not-logged-in', 'closed', 'away'],
    ['do-not-disturb', 'closed', 'busy'],
  ] as const)('of %s is %s, with the activity "%s" (RFC 4480 §3.2)', (word, basic, activity) => {
    const text = presenceDocument({ ...common, state: { word, call: null } })
    readXml(text)
    expect(text).toContain(`<basic>${basic}</basic>`)
    expect(/<rpid:([a-z-]+)\/>/.exec(text)?.[1] ?? '').toBe(activity)
  })
})

describe('a list of lamps (RFC 4662 §5)', () => {
  const lamps = [
    { uri: 'sip:101@hotdesk.test', name: 'Bob <&>', document: 'first' },
    { uri: 'sip:102@hotdesk.test', name: 'Chloe', document: null },
  ]
  const { type, body } = resourceList({
    uri: 'sip:lamps@hotdesk.test',
    version: 3,
    isFull: true,
    lamps,
    type: 'application/dialog-info+xml',
    domain: 'hotdesk.test',
  })
  const [list, ...documents] = readMultipart(type, body)

  it('begins with the list, which refers to the document of each lamp by its Content-ID', () => {
    expect(type).toContain(`start="${list?.headers.get('content-id') ?? ''}"`)
    const root = readXml(list?.content ?? '')
    expect(root.attributes).toMatchObject({ uri: 'sip:lamps@hotdesk.test', version: '3', fullState: 'true' })
    const instances = root.children.map((resource) => resource.children.find(({ name }) => name.endsWith(' instance'))?.attributes)
    expect(instances[0]?.cid).toBe(documents[0]?.headers.get('content-id')?.slice(1, -1))
    expect(documents.map(({ content }) => content)).toEqual(['first'])
  })

  it('reports a lamp that cannot be watched as terminated', () => {
    const [, second] = readXml(list?.content ?? '').children
    expect(second?.children.map(({ attributes, text }) => [text, attributes.state ?? '', attributes.reason ?? ''])).toEqual([
      ['Chloe', '', ''],
      ['', 'terminated', 'noresource'],
    ])
  })
})
