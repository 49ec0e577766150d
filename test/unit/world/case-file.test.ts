import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseCase } from '../../support/world/case-file.js'
import { changed } from '../../support/world/change.js'
import { readMessage } from '../../support/world/message.js'

const good = 'title: A phone registers\nsource: RFC 3261 §10\nscene: register\nexpect: { status: 200 }\n'

describe('a case file', () => {
  it('is read, and so is the example of its README', () => {
    const readme = readFileSync(new URL('../../fixtures/world/README.md', import.meta.url), 'utf8')
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(readme) ?? []
    expect(parseCase('good.yaml', good).scene).toBe('register')
    expect(parseCase('README.md', example).inCall).toEqual(['caller INFO', 'callee BYE'])
  })

  it.each([
    ['an unknown key', `${good}expected: 1\n`, /^a\.yaml: the case: unknown key expected; expected title, source, scene, /],
    [
      'an unknown key of a change',
      `${good}change: { INVITE: { append: [x] } }\n`,
      /^a\.yaml: change → INVITE: unknown key append; expected set, add/,
    ],
    ['an unknown scene', good.replace('scene: register', 'scene: opera'), /^a\.yaml: scene: .*"register"/],
    ['an unknown step', `${good}inCall: [caller DANCE]\n`, /^a\.yaml: inCall → 0: expected "caller" or "callee" and a method/],
    ['a case that cannot fail', good.replace('{ status: 200 }', '{}'), /^a\.yaml: expect: expected at least one expectation/],
    ['an empty change', `${good}change: { INVITE: {} }\n`, /^a\.yaml: change → INVITE: expected at least one of set/],
    ['no YAML', 'title: "', /^a\.yaml: /],
  ])('with %s is an error that says what was expected', (_, yaml, words) => {
    expect(() => parseCase('a.yaml', yaml)).toThrow(words)
  })
})

describe('a change', () => {
  const original = 'INVITE sip:101@x SIP/2.0\r\nFrom: <sip:100@x>;tag=1\r\nDate: now\r\nContent-Length: 2\r\n\r\nab'

  it('sets, removes and adds lines, fills places, and keeps Content-Length true', () => {
    const text = changed(
      original,
      { set: { f: 'é{hex:E9} {From}' }, remove: ['date'], top: ['X: {me}'], add: ['no colon'], body: 'abc\n' },
      { me: 'here' },
    )
    expect(text).toBe('INVITE sip:101@x SIP/2.0\r\nX: here\r\nf: Ã©é <sip:100@x>;tag=1\r\nContent-Length: 5\r\nno colon\r\n\r\nabc\r\n')
  })

  it('replaces text, and fails where the pattern fits nothing', () => {
    expect(changed(original, { replace: { '^(From):': '$1 :\r\n' } }, {})).toContain('From :\r\n <sip:100@x>')
    expect(() => changed(original, { replace: { nothing: '' } }, {})).toThrow('replace: nothing fits nothing')
  })

  it('fails for a place that is not known', () => {
    expect(() => changed(original, { add: ['A: {nowhere}'] }, {})).toThrow('{nowhere} stands for nothing here')
  })
})

it('a message is named by its method or status, and read with compact names and folds', () => {
  const bye = readMessage('SIP/2.0 200 OK\r\nCSeq: 2 BYE\r\nv: SIP/2.0/UDP a\r\n ;x=1\r\n\r\n')
  expect([bye.name, bye.header('Via')]).toEqual(['200 BYE', 'SIP/2.0/UDP a ;x=1'])
  expect(readMessage('INVITE sip:a SIP/2.0\r\nTo: <sip:a>;tag=1\r\n\r\n').name).toBe('re-INVITE')
})
