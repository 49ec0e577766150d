import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../support/net/free-port.js'
import { createWorkplace, type Program, type Workplace } from '../../support/node/program.js'
import { root } from '../../support/repo/source-tree.js'

// `npm run test:drachtio` without a drachtio-server: `hotdesk sipd` speaks the same admin protocol.

const secret = 'a secret of the lane'
let place: Workplace
let server: Program
let admin: number

beforeAll(async () => {
  place = await createWorkplace()
  admin = await freePort()
  const listen = ['--listen', 'udp://127.0.0.1:0', '--listen', 'tcp://127.0.0.1:0']
  server = place.run(['sipd', '--admin', `127.0.0.1:${admin}`, ...listen], { env: { HOTDESK_DRACHTIO_SECRET: secret } })
  await server.printed(/Press Ctrl-C to stop/)
})
afterAll(() => place.close())

interface Run {
  readonly code: number | null
  readonly output: string
}

function lane(args: readonly string[], own: Readonly<Record<string, string>> = {}): Promise<Run> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', HOTDESK_DRACHTIO_SECRET: secret, ...own }
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(root, 'test/run.mjs'), 'test-drachtio', ...args], { env }, (_fault, out, err) =>
      resolve({ code: child.exitCode, output: out + err }),
    )
  })
}

describe('npm run test:drachtio', () => {
  it('runs tests on a running server, one node after the other, and counts the tests that it cannot run', async () => {
    const { code, output } = await lane([`127.0.0.1:${admin}`, 'reliable-ringing.test.ts', 'web-phones.test.ts'])
    expect(output).toMatch(/^hotdesk-sipd v0\.9\.10-hotdesk, 127\.0\.0\.1:\d+$/m)
    expect(output).toMatch(/^0 fail as listed, 8 are not possible on this server, the drachtio-server crashed 0 times$/m)
    expect(output).toMatch(/^1 passed, 0 failed$/m)
    expect(code).toBe(0)
  })

  it.each([
    ['nothing', [], /npm run test:drachtio -- <path>/],
    ['neither a program nor host:port', ['no-such-program'], /no-such-program is neither the path of a program nor host:port/],
    ['a port where nothing listens', ['127.0.0.1:1'], /no drachtio-server at 127\.0\.0\.1:1: .*ECONNREFUSED/],
  ])('given %s prints its usage and exits with 2', async (_what, args, words) => {
    const { code, output } = await lane(args)
    expect([code, words.test(output)]).toEqual([2, true])
  })

  it('with a wrong secret or a program other than drachtio-server prints the reason and exits with 2', async () => {
    const refused = await lane([`127.0.0.1:${admin}`], { HOTDESK_DRACHTIO_SECRET: 'wrong' })
    expect(refused.output).toMatch(/refused the secret; set HOTDESK_DRACHTIO_SECRET/)
    const program = join(place.folder, 'program')
    await writeFile(program, '#!/bin/sh\necho nothing\n')
    await chmod(program, 0o755)
    const other = await lane([program])
    expect(other.output).toMatch(/program --version prints no version/)
    expect([refused.code, other.code]).toEqual([2, 2])
  })

  it('--help explains, and ends with 0', async () => {
    const { code, output } = await lane(['--help'])
    expect([code, output]).toEqual([0, expect.stringContaining('Exit codes: 0 as listed, 1 not as listed, 2 wrong usage.')])
  })
})
