import { describe, expect, it } from 'vitest'
import { type Circumstances, type Difference, type FileResult, judge } from '../../drachtio/verdict.js'
import { notOnThisServer } from '../../support/programs/drachtio-server.js'

type Status = 'passed' | 'failed' | 'skipped'

/** One file with tests of one group. */
function file(name: string, tests: Readonly<Record<string, Status>>, message = ''): FileResult {
  const assertionResults = Object.entries(tests).map(([title, status]) => ({
    ancestorTitles: ['a call'],
    title,
    status,
    failureMessages: status === 'failed' ? [`Error: ${title} is wrong\n    at a.ts:1`] : [],
  }))
  const isFailed = message !== '' || assertionResults.some(({ status }) => status === 'failed')
  return { name: `/tree/${name}`, status: isFailed ? 'failed' : 'passed', message, assertionResults }
}

const known = (titles: readonly string[]): readonly Difference[] => [{ file: 'calls.test.ts', reason: 'no 100', titles }]

const verdictOn = (files: readonly FileResult[], differences: readonly Difference[] = [], more: Partial<Circumstances> = {}) =>
  judge({ testResults: files }, differences, { root: '/tree', ...more })

describe('a run on a drachtio-server', () => {
  it('holds when exactly the listed tests fail', () => {
    const verdict = verdictOn([file('calls.test.ts', { rings: 'passed', hears: 'failed' })], known(['a call > hears']))
    expect(verdict).toEqual({ passed: 1, expected: 1, impossible: 0, failures: [], mended: [], stale: [] })
  })

  it('names a test that fails and is not listed, by its first line', () => {
    const { failures } = verdictOn([file('calls.test.ts', { rings: 'failed', hears: 'failed' })], known(['a call > hears']))
    expect(failures).toMatchObject([{ file: 'calls.test.ts', title: 'a call > rings', text: 'Error: rings is wrong' }])
  })

  it('names a listed test that passes, with its reason', () => {
    const verdict = verdictOn([file('calls.test.ts', { hears: 'passed' })], known(['a call > hears']))
    expect(verdict).toMatchObject({ passed: 0, mended: [{ file: 'calls.test.ts', title: 'a call > hears', text: 'no 100' }] })
  })

  it('names a listed test that is not there, if its file ran', () => {
    const differences = known(['a call > was renamed'])
    expect(verdictOn([file('calls.test.ts', { hears: 'passed' })], differences).stale).toMatchObject([{ title: 'a call > was renamed' }])
    expect(verdictOn([file('other.test.ts', { hears: 'passed' })], differences).stale).toEqual([])
  })

  it('names neither a test that was left out by a filter', () => {
    const verdict = verdictOn([file('calls.test.ts', { rings: 'passed', hears: 'skipped' })], known(['a call > hears']))
    expect(verdict).toMatchObject({ failures: [], mended: [], stale: [] })
  })

  it('counts every test of a file whose set-up failed as failed', () => {
    const { failures } = verdictOn([file('calls.test.ts', { rings: 'skipped', hears: 'skipped' }, 'no node.started')])
    expect(failures).toMatchObject([
      { title: 'a call > rings', text: 'no node.started' },
      { title: 'a call > hears', text: 'no node.started' },
    ])
    expect(verdictOn([file('calls.test.ts', {}, 'a syntax error')]).failures).toMatchObject([{ title: '*', text: 'a syntax error' }])
  })

  it('takes a whole file that is listed as failing, unless all of it passes', () => {
    const differences = known(['*'])
    expect(verdictOn([file('calls.test.ts', { rings: 'failed', hears: 'passed' })], differences)).toMatchObject({
      passed: 1,
      expected: 1,
      failures: [],
      mended: [],
    })
    expect(verdictOn([file('calls.test.ts', { rings: 'passed' })], differences).mended).toMatchObject([{ title: '*' }])
  })

  it('counts what the server that runs does not allow apart, listed or not', () => {
    const words = `Error: ${notOnThisServer}: a drachtio-server has one node at a time`
    const verdict = verdictOn([file('calls.test.ts', { rings: 'skipped', hears: 'skipped' }, words)], known(['a call > hears']))
    expect(verdict).toEqual({ passed: 0, expected: 0, impossible: 2, failures: [], mended: [], stale: [] })
    // vitest reports a set-up of a group without its words.
    const group = file('calls.test.ts', { rings: 'skipped' })
    const unsuited = new Set(['calls.test.ts'])
    expect(verdictOn([{ ...group, status: 'failed' }], [], { unsuited })).toMatchObject({ impossible: 1, failures: [] })
    expect(verdictOn([file('calls.test.ts', { rings: 'failed' })], [], { unsuited })).toMatchObject({ impossible: 0, failures: [{}] })
  })
})
