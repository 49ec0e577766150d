import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { streamEvents } from '../../../src/hotdesk/events.js'
import { hotdeskLibrary, libraryVersions, sourcesHash } from '../../../src/hotdesk/library.js'
import { readForcedLogout, readRefresh, readSiteLost } from '../../../src/hotdesk/reconcile/logout-replies.js'
import { readAttempt, readLogin, readLogout, readRepair } from '../../../src/hotdesk/replies.js'
import { filesUnder, root } from '../../support/repo/source-tree.js'

const folder = new URL('../../../src/hotdesk/functions/', import.meta.url)
const sources = readdirSync(folder).filter((name) => name.endsWith('.lua'))
const { code } = hotdeskLibrary

const registered = [...code.matchAll(/^(?:writes|reads)\('(hotdesk_\w+)'|function_name = '(hotdesk_\w+)'/gm)].map(
  ([, name, bare]) => name ?? bare ?? '',
)

/** The comment above a function: its first line names it, the indented ones begin with the words it replies. */
function headerOf(name: string): string {
  return new RegExp(`^-- ${name}\\b.*\\n(?:-- .*\\n)*`, 'm').exec(code)?.[0] ?? ''
}

/** `MOVED OLD-DEVICE` → `MOVED HD0001`; several words on a line stand three blanks apart. */
function repliesIn(name: string): readonly string[] {
  const lines = headerOf(name).split('\n').slice(1)
  return lines
    .filter((line) => /^-- {3}[A-Z]/.test(line))
    .flatMap((line) => line.slice(5).split(/ {3,}/))
    .filter((text) => /^[A-Z_]{2,}( |$)/.test(text))
    .map(exampleOf)
}

function exampleOf(reply: string): string {
  return reply
    .replace(/ \[OLD-DEVICE\]/, ' HD0002')
    .replace(/\b(?:OLD-)?DEVICE\b(?! …)/g, (word, at: number) => (at === 0 ? word : 'HD0001'))
    .replace(/ (?:OLD-USER|EXTENSION)/g, ' 100')
    .replace(/ (?:CALLS|LEFT|SECONDS|CHANGES)$/, ' 3')
    .replace(/ NODE$/, ' paris-1')
    .replace(/ (\w+)\|[\w|-]+/, ' $1')
}

const contract = ['login', 'logout', 'who', 'where', 'status', 'unlock', 'replace', 'refresh', 'history', 'version']

describe('the function library', () => {
  it('contains every Lua source of the folder', () => {
    for (const name of sources) {
      const source = readFileSync(new URL(name, folder), 'utf8')
      expect(code).toContain(source)
    }
  })

  it('gets a new version with each change of its sources', () => {
    const { version } = hotdeskLibrary
    const known = libraryVersions[version]
    const todo = `The Lua sources have changed. Add this line to the end of \`libraryVersions\` in src/hotdesk/library.ts, and its number to functions/library.lua:
  ${version + 1}: '${sourcesHash}',`
    expect(known, todo).toBe(sourcesHash)
    expect(new Set(Object.values(libraryVersions)).size).toBe(Object.keys(libraryVersions).length)
  })

  it('carries its version into Redis', () => {
    expect(code).toMatch(new RegExp(`^local VERSION = ${hotdeskLibrary.version}$`, 'm'))
  })

  it('registers the functions of the contract', () => {
    for (const name of contract) expect(registered).toContain(`hotdesk_${name}`)
  })

  it.each(registered)('%s has a header with its replies', (name) => {
    expect(headerOf(name)).not.toBe('')
  })

  it('writes exactly the events on the list', () => {
    const written = new Set([...code.matchAll(/event\(tag, '([\w.]+)'/g)].map(([, name]) => name))
    const named = [...code.matchAll(/local name = displaced.*/g)].flatMap(([line]) =>
      [...line.matchAll(/'(\w+)'/g)].map(([, name]) => name),
    )
    for (const name of named) written.add(name)
    const paths = filesUnder('src').filter((path) => path.endsWith('.ts') && !path.endsWith('hotdesk/events.ts'))
    const source = paths.map((path) => readFileSync(join(root, path), 'utf8')).join('')
    const unknown = [...written].filter((name) => !Object.hasOwn(streamEvents, name ?? ''))
    const unwritten = Object.keys(streamEvents).filter((name) => !written.has(name) && !`${source}${code}`.includes(`'${name}'`))
    expect({ unknown, unwritten }).toEqual({ unknown: [], unwritten: [] })
  })
})

describe('every reply in a header', () => {
  it.each([
    ['hotdesk_login', readLogin, 9],
    ['hotdesk_logout', readLogout, 6],
    ['hotdesk_attempt', readAttempt, 2],
    ['hotdesk_repair', readRepair, 2],
    ['hotdesk_expire', readForcedLogout, 6],
    ['hotdesk_evict', readForcedLogout, 5],
    ['hotdesk_refresh', readRefresh, 5],
    ['hotdesk_site_lost', readSiteLost, 4],
  ] as const)('%s', (name, read, least) => {
    const replies = repliesIn(name)
    expect(replies.length).toBeGreaterThanOrEqual(least)
    for (const reply of replies) expect(() => read(reply), reply).not.toThrow()
    expect(() => read('SOMETHING_ELSE')).toThrow(expect.objectContaining({ code: 'STORE_PROTOCOL' }))
  })

  it('becomes the outcome for the caller', () => {
    expect(readLogin('DISPLACED 101')).toEqual({ outcome: 'DISPLACED', displaced: '101', from: null })
    expect(readLogin('DISPLACED 101 HD0002')).toEqual({ outcome: 'DISPLACED', displaced: '101', from: 'HD0002' })
    expect(readLogin('DENIED disabled')).toEqual({ outcome: 'DENIED' })
    expect(readLogin('UNKNOWN_USER')).toEqual({ outcome: 'DENIED' })
    expect(readLogout('DRAINING 2')).toEqual({ outcome: 'DRAINING', calls: 2 })
    expect(readAttempt('LOCKED 240')).toEqual({ outcome: 'LOCKED', seconds: 240 })
    expect(readRepair('NOTHING')).toBe(0)
    expect(() => readLogin('MOVED 4711')).toThrow(expect.objectContaining({ code: 'STORE_PROTOCOL' }))
  })
})
