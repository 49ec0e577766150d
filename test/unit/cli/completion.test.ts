import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTerminal } from '../../../src/cli/output/terminal.js'
import { main } from '../../../src/main.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const folder = temporaryFolder('completion')
writeFileSync(join(folder, 'people.csv'), '')

async function script(shell: string): Promise<string> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  const code = await main(['completion', shell], {
    provide: () => Promise.resolve(),
    terminal: createTerminal({ out, err, colour: 'plain' }),
  })
  expect(code).toBe(0)
  out.end()
  return text(out)
}

let bash: string
beforeAll(async () => {
  bash = await script('bash')
  writeFileSync(join(folder, 'completion.bash'), bash)
})

/** What a real bash offers at the Tab key behind these words. */
function offered(...words: readonly string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(' ')
  const program = `source completion.bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _hotdesk; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', program], { cwd: folder, encoding: 'utf8' })
    .split('\n')
    .filter((word) => word !== '')
}

describe('completion in bash', () => {
  test.each([
    [
      ['hotdesk', 'sta'],
      ['start', 'status'],
    ],
    [
      ['hotdesk', 'user', ''],
      ['add', 'set', 'pin', 'rename', 'move', 'rm', 'show', 'list', 'help', '--help'],
    ],
    [
      ['hotdesk', 'user', 'set', '100', '--forward-n'],
      ['--forward-no-answer', '--forward-not-logged-in', '--forward-not-reachable'],
    ],
    [
      ['hotdesk', 'export', '--only', ''],
      ['users', 'devices', 'sites'],
    ],
    [['hotdesk', 'completion', 'z'], ['zsh']],
    [['hotdesk', 'import', 'peo'], ['people.csv']],
    [['hotdesk', '--config', 'peo'], ['people.csv']],
    [['hotdesk', 'status', '--config', 'peo'], ['people.csv']],
    [['hotdesk', 'user', 'set', '100', '--name', ''], []],
  ])('%j', (words, expected) => {
    expect(offered(...words).toSorted()).toEqual(expected.toSorted())
  })

  test('knows every command', async () => {
    expect(offered('hotdesk', '')).toEqual(expect.arrayContaining(['start', 'doctor', 'why', 'events', 'import', 'completion']))
  })
})

test('the script for zsh is that of bash behind what makes zsh understand it', async () => {
  expect(await script('zsh')).toBe(
    `#compdef hotdesk\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash}`,
  )
})
