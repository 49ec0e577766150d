import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { main } from '../../../src/main.js'
import { finishedPlanText, samplePlanText } from '../../support/node/sample-plan.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const least = 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n'
const goodPlan = finishedPlanText('paris')

/** A folder with these files; a name that ends in `/` is a folder. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder('plans')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, name.endsWith('/') ? '.' : '..'), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(join(folder, name), content)
  }
  return folder
}

async function hotdesk(folder: string, ...args: string[]): Promise<{ readonly code: number; readonly err: string; readonly out: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const terminal = createTerminal({ out, err, colour: 'plain' })
  const code = await main(['--config', join(folder, 'hotdesk.yaml'), ...args], { provide: () => Promise.resolve(), terminal })
  out.end()
  err.end()
  return { code, out: await text(out), err: await text(err) }
}

describe.each(['check', 'start'])('hotdesk %s ends with 2, and leaves nothing behind, if', (command) => {
  test.each([
    [
      'there is no folder dialplans',
      {},
      /site paris has no dial plan: expected the file \S*dialplans\/paris\.yaml \(the folder \S+ cannot be read\)/,
    ],
    ['the folder is empty', { 'dialplans/': '' }, /\(the folder \S+ has no dial plan\)/],
    ['it has the plan of another site alone', { 'dialplans/london.yaml': '' }, /\(the folder \S+ has london\.yaml\)/],
    ['the plan has another ending', { 'dialplans/paris.yml': goodPlan }, /\(the folder \S+ has paris\.yml\)/],
    [
      'the plan is of another site',
      { 'dialplans/paris.yaml': samplePlanText('london') },
      /site: expected paris, the site of this node, found "london"/,
    ],
    ['the plan is a folder', { 'dialplans/paris.yaml/': '' }, /the dial plan \S+ cannot be read: EISDIR/],
    ['the plan is empty', { 'dialplans/paris.yaml': '' }, /paris\.yaml:1:1 +site: missing/],
  ])('%s', async (_, files, words) => {
    const folder = folderOf({ 'hotdesk.yaml': least, ...files })
    const before = readdirSync(folder)
    const { code, err, out } = await hotdesk(folder, command)
    expect(code).toBe(2)
    expect(err).toMatch(words)
    expect(out).not.toMatch(/No errors/)
    expect(readdirSync(folder)).toEqual(before)
  })

  test('the dial plan is missing and another key is wrong: both are reported', async () => {
    const { code, err } = await hotdesk(folderOf({ 'hotdesk.yaml': `${least}colour: green\n` }), command)
    expect(code).toBe(2)
    expect(err).toMatch(/hotdesk\.yaml:4:1 +colour: unknown key/)
    expect(err).toMatch(/site paris has no dial plan/)
  })

  test('both are wrong: each with its line', async () => {
    const folder = folderOf({ 'hotdesk.yaml': `${least}colour: green\n`, 'dialplans/paris.yaml': `${goodPlan}shape: round\n` })
    const { code, err } = await hotdesk(folder, command)
    expect(code).toBe(2)
    expect(err).toMatch(/hotdesk\.yaml:4:1 +colour: unknown key/)
    expect(err).toMatch(/paris\.yaml:\d+:1 +shape: unknown key/)
  })
})

test('the dial plan that `dialplan` names is reported as well', async () => {
  const { code, err } = await hotdesk(folderOf({ 'hotdesk.yaml': `${least}colour: green\ndialplan: mine.yaml\n` }), 'check')
  expect(code).toBe(2)
  expect(err).toMatch(/expected the file \S*mine\.yaml/)
})

test('a dial plan that is there is good', async () => {
  const { code, out } = await hotdesk(folderOf({ 'hotdesk.yaml': least, 'dialplans/paris.yaml': goodPlan }), 'check')
  expect(code).toBe(0)
  expect(out).toMatch(/No errors\./)
})

describe('the dial plans that come with hotdesk', () => {
  const root = join(import.meta.dirname, '../../..')
  const files = [
    'dialplans/paris.yaml',
    'dialplans/london.yaml',
    'docker/paris/dialplans/paris.yaml',
    'docker/london/dialplans/london.yaml',
  ]

  test.each(files)('%s sends nothing anywhere before it is edited', (file) => {
    const { trunks } = parse(readFileSync(join(root, file), 'utf8'), { schema: 'failsafe' }) as {
      readonly trunks: Readonly<Record<string, { readonly enabled?: string }>>
    }
    expect(Object.values(trunks).map(({ enabled }) => enabled)).toEqual(['no'])
  })

  test.each(['paris', 'london'])('of %s is valid with the short codes that it has as comments', async (site) => {
    const uncommented = finishedPlanText(site).replace(/^ {2}# ("[*\d])/gm, '  $1')
    expect(uncommented).not.toBe(finishedPlanText(site))
    const folder = folderOf({
      'hotdesk.yaml': `node: ${site}-1\nsite: ${site}\nsip: { domain: hotdesk.example }\n`,
      [`dialplans/${site}.yaml`]: uncommented,
    })
    expect((await hotdesk(folder, 'check')).err).not.toContain('DIALPLAN_INVALID')
  })

  test('are the same in docker/', () => {
    for (const site of ['paris', 'london'])
      expect(readFileSync(join(root, `docker/${site}/dialplans/${site}.yaml`), 'utf8')).toBe(samplePlanText(site))
  })
})
