import { describe, expect, it } from 'vitest'
import type { Diversion } from '../../../src/sip/diversion/diversion.js'
import { diversionHeader, printDiversions } from '../../../src/sip/diversion/diversion-header.js'
import { historyIn, printHistory } from '../../../src/sip/diversion/history-info.js'
import { diversionsIn } from '../../../src/sip/diversion/reported.js'

const headers = (values: Readonly<Record<string, string>>) => (name: string) => values[name] ?? ''
const ofDiversion = (value: string) => diversionHeader(headers({ Diversion: value }))
const ofHistory = (value: string, Privacy = '') => historyIn(headers({ 'History-Info': value, Privacy }))
const short = (all: readonly Diversion[]) =>
  all.map(({ number, reason, times, isPrivate }) => `${number} ${reason} ${times}${isPrivate ? ' private' : ''}`)
const forward = (number: string, reason: Diversion['reason'], more: Partial<Diversion> = {}): Diversion => ({
  number,
  name: '',
  reason,
  times: 1,
  isPrivate: false,
  ...more,
})

describe('Diversion (RFC 5806)', () => {
  it.each([
    ['one forward', '<sip:100@hotdesk.test>;reason=user-busy;counter=1;privacy=off', ['100 user-busy 1']],
    ['no parameters', 'sip:100@hotdesk.test', ['100 unknown 1']],
    ['the newest first', '<sip:2@h>;reason=no-answer, <sip:1@h>;reason=unconditional', ['1 unconditional 1', '2 no-answer 1']],
    ['a counter', '<sip:100@h>;reason=unconditional;counter=4', ['100 unconditional 4']],
    ['a counter of three digits', '<sip:100@h>;counter=100', ['100 unknown 99']],
    ['an enormous counter', `<sip:100@h>;counter=${'9'.repeat(400)}`, ['100 unknown 99']],
    ['zeros before the counter', '<sip:100@h>;counter="0004"', ['100 unknown 4']],
    ['a counter that is none', '<sip:100@h>;counter=many', ['100 unknown 1']],
    ['quoted values, in any case', '<sip:100@h>;reason="User-Busy";privacy="FULL"', ['100 user-busy 1 private']],
    ['a private name', '<sip:100@h>;privacy=name', ['100 unknown 1 private']],
    ['a reason of its own', '<sip:100@h>;reason=lunch', ['100 unknown 1']],
    ['a tel URI with separators', '<tel:+33-1(99)00.01>;reason=away', ['+331990001 away 1']],
    ['garbage beside a good value', '<<<, ;;, <sip:100@h>;reason=away, "', ['100 away 1']],
    ['garbage alone', 'whatever', []],
    ['nothing', '', []],
  ])('is read with %s', (_, value, expected) => {
    expect(short(ofDiversion(value))).toEqual(expected)
  })

  it('is read up to twenty values', () => {
    expect(ofDiversion(Array.from({ length: 30 }, (_, at) => `<sip:${at}@h>`).join())).toHaveLength(20)
  })

  it('is written newest first, and reads the same again', () => {
    const forwards = [forward('1', 'unconditional', { name: 'A "B"' }), forward('2', 'no-answer', { times: 3, isPrivate: true })]
    const value = printDiversions(forwards, ({ number }) => `sip:${number}@h`)
    expect(value).toBe(
      '<sip:2@h>;reason=no-answer;counter=3;privacy=full, "A \\"B\\"" <sip:1@h>;reason=unconditional;counter=1;privacy=off',
    )
    expect(ofDiversion(value)).toEqual(forwards)
  })
})

describe('History-Info (RFC 7044)', () => {
  it.each([
    ['mp and the Reason of the address', '<sip:100@h?Reason=SIP%3Bcause%3D486>;index=1, <sip:200@h>;index=1.1;mp=1', ['100 user-busy 1']],
    ['a cause (RFC 4458)', '<sip:100@h>;index=1, <sip:200@h;cause=408>;index=1.1', ['100 no-answer 1']],
    ['a cause before the Reason', '<sip:1@h?Reason=SIP%3Bcause%3D302>;index=1, <sip:2@h;cause=486>;index=1.1', ['1 user-busy 1']],
    ['the Reason of another protocol', '<sip:1@h?Reason=Q.850%3Bcause%3D17>;index=1, <sip:2@h>;index=1.1', []],
    [
      'two Reasons',
      '<sip:1@h?Reason=Q.850%3Bcause%3D17%2CSIP%3Btext%3D%22x%22%3Bcause%3D486>;index=1, <sip:2@h>;index=1.1',
      ['1 user-busy 1'],
    ],
    ['no forward: the same user at a registered contact', '<sip:100@h>;index=1, <sip:100@192.0.2.9>;index=1.1;rc=1', []],
    ['no forward: nothing but hops', '<sip:100@h>;index=1, <sip:100@proxy>;index=1.1;np=1', []],
    ['a mapping that skips an entry', '<sip:1@h>;index=1, <sip:1@d>;index=1.1;rc=1, <sip:2@h>;index=1.2;mp=1', ['1 unknown 1']],
    [
      'a private entry',
      '<sip:1@h?Privacy=history&Reason=SIP%3Bcause%3D302>;index=1, <sip:2@h>;index=1.1;mp=1',
      ['1 unconditional 1 private'],
    ],
    [
      'a tree',
      '<sip:1@h>;index=1, <sip:2@h;cause=486>;index=1.1;mp=1, <sip:3@h;cause=408>;index=1.1.1;mp=1.1',
      ['1 user-busy 1', '2 no-answer 1'],
    ],
    ['a broken index', '<sip:1@h>;index=one, <sip:2@h;cause=486>;index=1.1;mp=1', []],
    ['garbage', '<<<, <sip:1@h>, index=1', []],
  ])('is read with %s', (_, value, expected) => {
    expect(short(ofHistory(value))).toEqual(expected)
  })

  it.each(['id;history', 'header'])('with Privacy: %s is private as a whole (RFC 7044 §10.1.2)', (privacy) => {
    expect(short(ofHistory('<sip:1@h>;index=1, <sip:2@h;cause=486>;index=1.1;mp=1', privacy))).toEqual(['1 user-busy 1 private'])
  })

  it('is written as a tree that ends with the Request-URI, and reads the same again', () => {
    const forwards = [forward('1', 'unconditional', { name: 'Ann' }), forward('2', 'user-busy', { isPrivate: true })]
    const value = printHistory(forwards, ({ number }) => `sip:${number}@h`, 'sip:+336@t;transport=tcp')
    expect(value).toBe(
      '"Ann" <sip:1@h?Reason=SIP%3Bcause%3D302>;index=1, ' +
        '<sip:2@h;cause=302?Reason=SIP%3Bcause%3D486&Privacy=history>;index=1.1;mp=1, ' +
        '<sip:+336@t;transport=tcp;cause=486>;index=1.1.1;mp=1.1',
    )
    expect(ofHistory(value)).toEqual(forwards)
  })

  it('is written with a placeholder for each further forward that a counter stands for (RFC 7544 §5)', () => {
    const value = printHistory([forward('1', 'no-answer', { times: 3 })], ({ number }) => `sip:${number}@h`, 'sip:2@t')
    expect(value).toBe(
      '<sip:unknown@unknown.invalid?Reason=SIP%3Bcause%3D404>;index=1, ' +
        '<sip:unknown@unknown.invalid;cause=404?Reason=SIP%3Bcause%3D404>;index=1.1;mp=1, ' +
        '<sip:1@h;cause=404?Reason=SIP%3Bcause%3D408>;index=1.1.1;mp=1.1, ' +
        '<sip:2@t;cause=408>;index=1.1.1.1;mp=1.1.1',
    )
    expect(short(ofHistory(value)).at(-1)).toBe('1 no-answer 1')
    expect(ofHistory(value)).toHaveLength(3)
    const many = [forward('1', 'no-answer', { times: 99 }), forward('2', 'no-answer')]
    expect(printHistory(many, ({ number }) => `sip:${number}@h`, 'sip:3@t').split(', ')).toHaveLength(21)
  })

  it('is written without Privacy for an address that is hidden already (RFC 7044 §10.1.2)', () => {
    const value = printHistory([forward('1', 'user-busy', { isPrivate: true })], () => 'sip:anonymous@anonymous.invalid', 'sip:2@t')
    expect(value).toBe('<sip:anonymous@anonymous.invalid?Reason=SIP%3Bcause%3D486>;index=1, <sip:2@t;cause=486>;index=1.1;mp=1')
  })
})

it('of Diversion and History-Info, the one with more forwards counts', () => {
  const History = '<sip:1@h>;index=1, <sip:2@h;cause=486>;index=1.1;mp=1'
  const read = (Diversion: string) => short(diversionsIn(headers({ Diversion, 'History-Info': History })))
  expect(read('')).toEqual(['1 user-busy 1'])
  expect(read('<sip:9@h>')).toEqual(['9 unknown 1'])
  expect(diversionsIn(headers({}))).toEqual([])
})
