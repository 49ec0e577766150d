import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isAppError } from '../../../src/base/errors.js'
import { type Config, parseConfig } from '../../../src/config/config.js'
import { type TlsPair, tlsPairOf } from '../../../src/config/tls-files.js'
import { followTlsFiles } from '../../../src/config/tls-renewal.js'
import { tlsSampleFiles } from '../../support/net/tls-sample.js'
import { keepLog } from '../../support/node/kept-log.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { createMailbox } from '../../support/sip/mailbox.js'

let folder: string
const inFolder = (name: string): string => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hotdesk-tls-'))
  copyFileSync(tlsSampleFiles('first').certificate, inFolder('cert.pem'))
  copyFileSync(tlsSampleFiles('first').key, inFolder('key.pem'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function parse(sip: string, env: Record<string, string> = {}): Config {
  const text = `node: paris-1\nsite: paris\nsip: { domain: hotdesk.example, ${sip} }\n`
  return parseConfig({ text, file: inFolder('hotdesk.yaml'), env, cwd: '/', purpose: 'look' })
}

/** The lines of the refusal below its first. */
function problems(sip: string): string[] {
  try {
    parse(sip)
  } catch (fault) {
    if (isAppError(fault, 'CONFIG_INVALID')) return fault.message.split('\n').slice(1)
    throw fault
  }
  throw new Error('was accepted')
}

describe('sip.tls', () => {
  test('names a certificate and its key, beside the configuration or anywhere', () => {
    const files = { certificate: inFolder('cert.pem'), key: inFolder('key.pem') }
    expect(parse('listen: ["tls://127.0.0.1:5061"], tls: { certificate: cert.pem, key: key.pem }').sip.tls).toEqual(files)
    const env = { HOTDESK_SIP_TLS_CERTIFICATE: files.certificate, HOTDESK_SIP_TLS_KEY: files.key }
    expect(parse('listen: ["wss://127.0.0.1:443"]', env).sip.tls).toEqual(files)
    expect(parse('listen: ["ws://127.0.0.1:80"]').sip.tls).toBeNull()
  })

  test.each(['tls', 'wss'])('is needed by %s://', (protocol) => {
    expect(problems(`listen: ["udp://127.0.0.1:5060", "${protocol}://127.0.0.1:5061"]`)).toEqual([
      expect.stringMatching(/sip\.tls: missing: tls:\/\/ and wss:\/\/ need a certificate and its key$/),
    ])
  })

  test('needs both files', () => {
    expect(problems('tls: { certificate: cert.pem }')).toEqual([expect.stringMatching(/sip\.tls\.key: missing: .* go together$/)])
    expect(problems('tls: { key: key.pem }')).toEqual([expect.stringMatching(/sip\.tls\.certificate: missing: .* go together$/)])
  })

  test('reports all problems of its files and quotes nothing from them', () => {
    writeFileSync(inFolder('none.pem'), 'hunter2')
    const both = problems('tls: { certificate: away.pem, key: none.pem }')
    expect(both).toEqual([
      expect.stringMatching(/hotdesk\.yaml:3:\d+ +sip\.tls\.certificate: .*away\.pem cannot be read \(ENOENT/),
      expect.stringMatching(/hotdesk\.yaml:3:\d+ +sip\.tls\.key: .*none\.pem has no private key in PEM form/),
    ])
    expect(both.join()).not.toContain('hunter2')
    expect(problems('tls: { certificate: key.pem, key: key.pem }')).toEqual([
      expect.stringMatching(/key\.pem has no certificate in PEM form$/),
    ])
  })

  test('refuses a key of another certificate, and one that needs a password', () => {
    copyFileSync(tlsSampleFiles('second').key, inFolder('other.pem'))
    expect(problems('tls: { certificate: cert.pem, key: other.pem }')).toEqual([
      expect.stringMatching(/sip\.tls\.key: .*other\.pem is not the key of the certificate in .*cert\.pem$/),
    ])
    const locked = execFileSync('openssl', ['ec', '-in', inFolder('key.pem'), '-aes128', '-passout', 'pass:x'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    writeFileSync(inFolder('locked.pem'), locked)
    expect(problems('tls: { certificate: cert.pem, key: locked.pem }')).toEqual([expect.stringMatching(/can be read without a password$/)])
  })
})

describe('a certificate that is renewed while the node runs', () => {
  function follow() {
    const clock = createManualClock(Date.parse('2030-01-01'))
    const renewed = createMailbox<TlsPair>(() => 'a pair')
    const { log, lines } = keepLog()
    const files = { certificate: inFolder('cert.pem'), key: inFolder('key.pem') }
    const following = followTlsFiles({ files, present: tlsPairOf(files), renew: async (pair) => renewed.put(pair), clock, log })
    return { clock, renewed, lines, close: following.close }
  }

  /** Until the next look has been taken: it arms the alarm for the one after. */
  async function look(clock: ReturnType<typeof createManualClock>): Promise<void> {
    clock.advance(5_000)
    while (clock.pending === 0) await new Promise(setImmediate)
  }

  test('is used once both files have been replaced', async () => {
    const { clock, renewed, lines, close } = follow()
    copyFileSync(tlsSampleFiles('second').certificate, inFolder('cert.pem'))
    await look(clock)
    expect(renewed.items).toEqual([])
    copyFileSync(tlsSampleFiles('second').key, inFolder('key.pem'))
    await look(clock)
    const second = readFileSync(tlsSampleFiles('second').certificate, 'utf8')
    expect(renewed.items.map(({ certificate }) => certificate)).toEqual([second])
    await look(clock)
    expect(renewed.items.length).toBe(1)
    close()
    const told = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(told).toEqual([
      expect.stringMatching(/^TLS certificate in use, valid until \d{4}-\d\d-\d\d$/),
      expect.stringMatching(/^keeping the TLS certificate in use: .* is not the key of the certificate/),
      expect.stringMatching(/^TLS certificate renewed/),
    ])
    expect(lines.join()).not.toContain('PRIVATE KEY')
  })

  test('is found when a symbolic link changes', async () => {
    for (const name of ['cert.pem', 'key.pem']) unlinkSync(inFolder(name))
    const link = (which: 'first' | 'second'): void => {
      const { certificate, key } = tlsSampleFiles(which)
      symlinkSync(certificate, inFolder('cert.pem'))
      symlinkSync(key, inFolder('key.pem'))
    }
    link('first')
    const { clock, renewed, close } = follow()
    for (const name of ['cert.pem', 'key.pem']) unlinkSync(inFolder(name))
    link('second')
    await look(clock)
    expect(renewed.items.length).toBe(1)
    close()
    expect(clock.pending).toBe(0)
  })

  test('causes one warning for each problem', async () => {
    const { clock, renewed, lines, close } = follow()
    writeFileSync(inFolder('cert.pem'), 'half a certifi')
    for (let time = 0; time < 5; time += 1) await look(clock)
    expect(lines.filter((line) => line.includes('keeping the TLS certificate')).length).toBe(1)
    expect(renewed.items).toEqual([])
    close()
  })

  test('causes a warning if it expires within two weeks', () => {
    const clock = createManualClock(Date.parse('2030-01-01'))
    const files = tlsSampleFiles('first')
    const { log, lines } = keepLog()
    const present = { ...tlsPairOf(files), until: clock.now() + 13 * 86_400_000 }
    followTlsFiles({ files, present, renew: () => Promise.resolve(), clock, log }).close()
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, msg: 'TLS certificate in use, valid until 2030-01-14' })
  })
})
