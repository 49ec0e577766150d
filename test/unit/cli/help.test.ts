import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { fitted } from '../../../src/cli/output/help-width.js'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { createWholeProgram } from '../../../src/cli/program.js'

/** What `--help` of each command prints, by its path: `user pin`. */
async function pages(): Promise<ReadonlyMap<string, string>> {
  let printed = ''
  const out = new PassThrough()
  const print = (text: string): void => {
    printed += text
  }
  const terminal = { ...createTerminal({ out, err: out, colour: 'plain' }), print }
  const program = await createWholeProgram({ terminal, provide: () => Promise.resolve(), exit: () => undefined })
  const found = new Map<string, string>()
  const visit = (command: Command, path: string): void => {
    printed = ''
    command.outputHelp()
    found.set(path, printed)
    for (const each of command.commands) visit(each, `${path} ${each.name()}`.trim())
  }
  visit(program, '')
  return found
}

/** They run until they are stopped, or print a file or a picture. */
const withoutJson = ['start', 'demo', 'sipd', 'schema', 'completion', 'export', 'contact export', 'names', 'help']

describe('--help of each command', async () => {
  const all = await pages()
  const visible = [...all].filter(([path]) => !['', 'names', 'help'].includes(path))
  const isGroup = (path: string): boolean => [...all.keys()].some((other) => other.startsWith(`${path} `))

  test('covers the whole command line', () => {
    expect(visible.length).toBeGreaterThan(40)
    expect([...all.keys()]).toEqual(expect.arrayContaining(['doctor', 'locks', 'site show', 'device list', 'user pin']))
  })

  test.each(visible)('hotdesk %s has an example of itself, and lines of at most 80 columns', (path, page) => {
    expect(page).toMatch(new RegExp(`\nExamples?:\n(.*\n)*.*hotdesk ${path}\\b`))
    expect(page.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test('names --json, except where there is nothing to print as JSON', () => {
    const without = visible.filter(([path, page]) => !isGroup(path) && !/^ +--json /m.test(page)).map(([path]) => path)
    expect(without.filter((path) => !withoutJson.includes(path))).toEqual([])
  })
})

test('a paragraph is wrapped, the remark behind a long example moves below it, and short lines stay', () => {
  const words = 'word '.repeat(30).trim()
  const example = `  hotdesk ${'x'.repeat(60)}`
  const help = `Usage: hotdesk\n\n${words}\n\nExamples:\n  hotdesk a      remark\n${example}      ${'y'.repeat(20)}`
  const lines = fitted(help).split('\n')
  expect(lines.every((line) => line.length <= 80)).toBe(true)
  expect(lines.slice(-4)).toEqual(['Examples:', '  hotdesk a      remark', example, `      ${'y'.repeat(20)}`])
  expect(lines.slice(2, 4).join(' ')).toBe(words)
})
