import { execFile } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { doublyEscaped, printable, printableJson, printableLines } from '../../../src/base/output/printable.js'
import { type Colouring, createTerminal, table } from '../../../src/cli/output/terminal.js'

const ESC = '\u001b'

async function printed(say: (terminal: ReturnType<typeof createTerminal>) => void, colour: Colouring): Promise<string> {
  const [out, err] = [new PassThrough(), new PassThrough()]
  say(createTerminal({ out, err, colour }))
  out.end()
  err.end()
  return (await text(out)) + (await text(err))
}

describe('text from elsewhere', () => {
  test('cannot bring a colour to a terminal that has ours', async () => {
    const name = `${ESC}[31mAlice${ESC}[0m`
    const line = await printed(({ print, paint }) => print(`${paint.good('→')} ${name} ${paint.strong(name)}`), 'colour')
    const shown = String.raw`\u001b[31mAlice\u001b[0m`
    expect(line).toBe(`${ESC}[32m→${ESC}[0m ${shown} ${ESC}[1m${shown}${ESC}[0m\n`)
  })

  test('cannot bring one in a cell either, and is as wide as it is shown', async () => {
    const line = await printed(({ print, paint }) => {
      for (const row of table([
        ['NAME', 'X'],
        [`${ESC}[8m`, paint.faint('y')],
      ]))
        print(row)
    }, 'colour')
    expect(line.split('\n')).toEqual(['NAME       X', `\\u001b[8m  ${ESC}[2my${ESC}[0m`, ''])
  })

  test('reaches a program as it is, and a person as it can be seen', async () => {
    const delivered = async (reader: 'person' | 'program') => {
      const out = new PassThrough()
      createTerminal({ out, err: out, colour: 'plain', reader }).deliver(`a\u200b${ESC}b`)
      out.end()
      return text(out)
    }
    expect([await delivered('program'), await delivered('person')]).toEqual([`a\u200b${ESC}b\n`, 'a\\u200b\\u001bb\n'])
  })

  test.each([
    ['a full disk is told once', 'ENOSPC', 'hotdesk: the output is incomplete: no room; free some space and repeat the command\n', 1],
    ['a reader that has had enough is no fault', 'EPIPE', '', 0],
  ])('%s', async (_what, code, words, times) => {
    const [out, err] = [new PassThrough(), new PassThrough()]
    let lost = 0
    const terminal = createTerminal({
      out,
      err,
      colour: 'plain',
      onLost: () => {
        lost += 1
      },
    })
    for (let i = 0; i < 2; i += 1) out.emit('error', Object.assign(new Error('no room'), { code }))
    err.end()
    expect([await text(err), lost, terminal.isGone]).toEqual([words, times, true])
  })

  test('begins no line in a cell', () => {
    expect(table([['a\nb\tc', 'd']])).toEqual([String.raw`a\u000ab\u0009c  d`])
  })

  test('keeps names of every script, and what joins their letters', () => {
    for (const name of ['Chloé', 'علی‌رضا', '👩‍👩‍👧', 'דנה', '山田', 'naïve'])
      expect([printable(name), printableLines(name), printableJson(JSON.stringify(name))]).toEqual([name, name, JSON.stringify(name)])
  })
})

describe('a line of JSON', () => {
  const anyText = fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', '\t', ESC, '\u0000', '\u009b', '\u202e', 'é', '\u{e0001}', 'u001b'),
  })
  const obeyed = /[\p{Cc}\u202a-\u202e\u{e0000}-\u{e007f}]/u

  test('has the same value, and nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const line = printableJson(`${JSON.stringify({ msg: value })}\n`)
        expect(JSON.parse(line)).toEqual({ msg: value })
        expect(line.slice(0, -1)).not.toMatch(obeyed)
      }),
    )
  })

  test('whose values are printed bare shows them', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const { msg } = JSON.parse(doublyEscaped(`${JSON.stringify({ msg: value })}\n`)) as { readonly msg: string }
        expect(msg).not.toMatch(obeyed)
        expect(msg).toBe(value.replace(/[\p{Cc}\u202e\u{e0001}]/gu, (found) => shortOf(found)))
      }),
    )
  })
})

/** As JSON says it. */
function shortOf(found: string): string {
  const [first = ''] = found
  if (found.length > 1) return String.raw`\udb40\udc01`
  return { '\n': '\\n', '\t': '\\t' }[first] ?? `\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`
}

test('The readable log shows what a terminal would obey, in messages, fields and faults, and keeps the lines of a stack', async () => {
  const script = `
    const { createLogger } = await import(${JSON.stringify(new URL('../../../dist/base/logger.js', import.meta.url).href)})
    const log = createLogger({ level: 'info', form: 'pretty' })
    const text = '\\u001b[2J\\u009b31m\\u202eX\\r\\nFORGED'
    log.child({ call: text }).info({ event: 'call.arrived', userAgent: text }, 'call from ' + text)
    log.error({ err: new Error(text) }, 'failed')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
  expect(stdout).not.toMatch(/^\s*FORGED/m)
  expect(stdout).toContain(String.raw`call from \u001b[2J\u009b31m\u202eX\r\nFORGED`)
  expect(stdout).toMatch(/\n +at /)
})
