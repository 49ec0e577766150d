import { describe, expect, it } from 'vitest'
import { assertedCaller, fromCaller, privacyOf, remoteParty, unmetPrivacy } from '../../../src/sip/identity/caller.js'
import { dialled } from '../../../src/sip/uri/dialled.js'

const reading = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name] ?? ''

describe('P-Asserted-Identity (RFC 3325 §9.1)', () => {
  const number = '+33612345678'
  const sip = `<sip:${number}@carrier.example;user=phone>`

  it.each([
    ['a SIP URI', sip, { name: '', number }],
    ['a name and a SIP URI', `"Bob, \\"B\\"" ${sip}`, { name: 'Bob, "B"', number }],
    ['a tel URI', `<tel:${number}>`, { name: '', number }],
    ['a tel URI without brackets, with separators', 'tel:+33-6-12.34(56)78', { name: '', number }],
    ['a local number with a context', '<tel:0612345678;phone-context=+33>', { name: '', number: '0612345678' }],
    ['both', `"Bob" ${sip}, <tel:${number}>`, { name: 'Bob', number }],
    ['both, tel first', `<tel:${number}>,"Bob" ${sip}`, { name: 'Bob', number }],
    ['a name that is no number beside one', `"Bob" <sip:bob@carrier.example>, <tel:${number}>`, { name: 'Bob', number }],
    ['a name alone', '<sip:bob@carrier.example>', { name: '', number: 'bob' }],
    ['a number beside garbage', `<sip:@>, ${sip}`, { name: '', number }],
    ['a number before garbage', `${sip}, whatever`, { name: '', number }],
    ['a number behind a bracket that does not close', `"Bob" <sip:+33, <tel:${number}>`, { name: '', number }],
    ['a number behind a quote that does not close', `"Bob <sip:+331@x, <tel:${number}>`, { name: '', number }],
    ['a number whose name is missing', `"Unavailable" ${sip}`, { name: '', number }],
    ['a number beside an anonymous one', `<sip:anonymous@anonymous.invalid>, <tel:${number}>`, { name: '', number }],
    ['an anonymous one', '"Anonymous" <sip:anonymous@anonymous.invalid>', 'hidden'],
    ['garbage', 'what?', 'silent'],
    ['nothing', '', 'silent'],
    ['a host alone', '<sip:carrier.example>', 'silent'],
  ])('of %s', (_, value, expected) => {
    expect(assertedCaller(reading({ 'P-Asserted-Identity': value }), dialled)).toEqual(expected)
  })
})

describe('Remote-Party-ID', () => {
  it.each([
    ['"Bob" <sip:+331@x>;party=calling;screen=yes;privacy=off', { name: 'Bob', number: '+331' }],
    ['<sip:+331@x>', { name: '', number: '+331' }],
    ['<sip:+331@x>;party="Calling"', { name: '', number: '+331' }],
    ['<sip:+332@x>;party=called, <sip:+331@x>;party=calling', { name: '', number: '+331' }],
    ['<sip:+332@x>;party=called', 'silent'],
    ['<sip:+331@x>;privacy=full', 'hidden'],
    ['<sip:+331@x>;party=calling;privacy="uri"', 'hidden'],
  ])('%s', (value, expected) => {
    expect(remoteParty(reading({ 'Remote-Party-ID': value }))).toEqual(expected)
  })
})

describe('From', () => {
  it.each([
    ['"Bob" <sip:+331@x>;tag=1', { name: 'Bob', number: '+331' }],
    ['"Unknown" <sip:+331@x>;tag=1', { name: '', number: '+331' }],
    ['"Private Eyes" <sip:+331@x>;tag=1', { name: 'Private Eyes', number: '+331' }],
    ['"Private" <sip:+331@x>;tag=1', 'hidden'],
    ['"CALLER WITHHELD" <sip:+331@x>;tag=1', 'hidden'],
    ['Restricted <sip:x>', 'hidden'],
    ['<sip:Restricted@x>', 'hidden'],
    ['<sip:unavailable@unknown.invalid>;tag=1', 'hidden'],
    ['<sip:+331@anonymous.invalid>;tag=1', 'hidden'],
    ['sip:anonymous@x', 'hidden'],
    ['nonsense', 'silent'],
  ])('%s', (value, expected) => {
    expect(fromCaller(reading({ From: value }), dialled)).toEqual(expected)
  })
})

describe('a caller asks for privacy', () => {
  const known = '"Bob" <sip:+331@x>;tag=1'
  const hidden = '"Anonymous" <sip:c8oqz84zk7z@privacy.example>;tag=1'

  it.each([
    ['id', known, true],
    ['ID', known, true],
    ['user', known, true],
    ['header;user', known, true],
    ['Id ; Critical', known, true],
    ['none, id', known, true],
    ['session, header', known, true],
    ['full', known, true],
    ['none', known, false],
    ['None;critical', hidden, false],
    ['', hidden, true],
    ['session', hidden, true],
    ['', '<sip:anonymous@anonymous.invalid>', true],
    ['', known, null],
    ['critical', known, null],
    ['session;history', known, null],
    ['', '"Private" <sip:HD0001@x>', null],
    ['', 'nonsense', null],
  ])('with Privacy %j and From %j: %j', (privacy, from, expected) => {
    expect(privacyOf(reading({ Privacy: privacy, From: from }))).toBe(expected)
  })

  it('with Remote-Party-ID, unless Privacy says otherwise', () => {
    const remote = { From: known, 'Remote-Party-ID': '"Bob" <sip:HD0001@x>;party=calling;privacy=full' }
    expect([privacyOf(reading(remote)), privacyOf(reading({ ...remote, Privacy: 'none' }))]).toEqual([true, false])
  })

  it.each([
    ['session;critical', ['session']],
    ['id, Session ; CRITICAL', ['session']],
    ['critical;location;session', ['location', 'session']],
    ['session', []],
    ['id;user;header;history;critical', []],
    ['none;critical', []],
    ['critical', []],
    ['', []],
  ])('RFC 3323 §5: what we cannot provide matters only if it is critical: %j', (privacy, unmet) => {
    expect(unmetPrivacy(reading({ Privacy: privacy }))).toEqual(unmet)
  })
})
