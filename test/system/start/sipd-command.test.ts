import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectWireApplication, openWireApplication } from '../../support/admin-wire/wire-application.js'
import { freePort } from '../../support/net/free-port.js'
import { shownCertificate, tlsSampleFiles } from '../../support/net/tls-sample.js'
import { openWebServer } from '../../support/net/web-server.js'
import { createWorkplace, type Program, type Workplace } from '../../support/node/program.js'
import { tied } from '../../support/process/child.js'
import { startSipp } from '../../support/programs/sipp.js'
import { story } from '../../support/programs/sipp-trace.js'
import { openSrfListener } from '../../support/sip/srf-stage.js'

const secret = 'a secret between two programs'
const env = { HOTDESK_DRACHTIO_SECRET: secret }
const loopback = ['--admin', '127.0.0.1:0', '--listen', 'udp://127.0.0.1:0', '--listen', 'tcp://127.0.0.1:0']

let place: Workplace
const ends: (() => unknown)[] = []

beforeEach(async () => {
  place = await createWorkplace()
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await place.close()
})

interface Started {
  readonly program: Program
  readonly admin: number
  /** By protocol. */
  port(protocol: string): number
}

async function start(args: readonly string[] = loopback): Promise<Started> {
  const program = place.run(['sipd', ...args], { env })
  await program.printed(/Press Ctrl-C to stop/)
  const [, sip = ''] = await program.printed(/SIP +(\S.*)/)
  const [, admin] = await program.printed(/admin +127\.0\.0\.1:(\d+)/)
  return { program, admin: Number(admin), port: (protocol) => Number(new RegExp(`${protocol}/127\\.0\\.0\\.1:(\\d+)`).exec(sip)?.[1]) }
}

/** A minimal drachtio application in a process of its own: whoever calls is joined with the destination. */
async function startB2bua(admin: number, destination: string): Promise<void> {
  const file = join(import.meta.dirname, '../../bench/parts/b2bua.mjs')
  const child = spawn(...tied(process.execPath, [file, String(admin), secret, destination]), { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  ends.push(() => {
    child.kill('SIGKILL')
    return exited
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  expect(line).toBe('connected')
}

describe('hotdesk sipd', () => {
  it.each(['udp', 'tcp'] as const)('carries the calls of a plain drachtio application in another process, over %s', async (protocol) => {
    const { admin, port, program } = await start()
    const [callerPort, calleePort] = [await freePort(), await freePort()]
    const calls = { options: ['-m', '20', '-r', '20'], protocol }
    const callee = startSipp({ scenario: 'answer-until-hung-up', port: calleePort, words: { device: 'callee' }, ...calls })
    await callee.ready
    await startB2bua(admin, `sip:callee@127.0.0.1:${calleePort};transport=${protocol}`)
    const words = { caller: '<sip:caller@127.0.0.1>', number: 'service' }
    const caller = startSipp({ scenario: 'call-unchallenged', port: callerPort, node: `127.0.0.1:${port(protocol)}`, words, ...calls })
    const [asked, answered] = await Promise.all([caller.messages, callee.messages])
    const count = (messages: typeof asked, kind: string): number =>
      new Set(messages.flatMap((one) => (one.kind === kind ? one.header('Call-ID') : []))).size
    expect([count(asked, 'BYE'), count(answered, 'BYE')]).toEqual([20, 20])
    expect(story(asked.filter((one) => one.header('Call-ID') === asked[0]?.header('Call-ID')))).toBe(
      '>INVITE <100 <180 <200 >ACK >BYE <200',
    )
    program.signal('SIGINT')
    expect(await program.exited).toBe(0)
  })

  it('accepts only applications that know the secret, and never shows it', async () => {
    const { admin, program } = await start()
    const stranger = await connectWireApplication(admin)
    ends.push(() => stranger.close())
    expect((await stranger.command('authenticate|cymru|')).verdict).toBe('NO')
    const friend = await openWireApplication({ port: admin, secret })
    ends.push(() => friend.close())
    expect((await friend.command('ping')).verdict).toBe('OK')
    expect(program.output()).not.toContain(secret)
  })

  it('listens for TLS and secure WebSocket with a certificate', async () => {
    const { certificate, key } = tlsSampleFiles('first')
    const listen = ['--listen', 'tls://127.0.0.1:0', '--listen', 'wss://127.0.0.1:0']
    const { port } = await start(['--admin', '127.0.0.1:0', ...listen, '--tls-cert', certificate, '--tls-key', key])
    expect(await shownCertificate(port('tls'))).toBe('hotdesk test first')
    expect(await shownCertificate(port('wss'))).toBe('hotdesk test first')
  })

  it('takes applications over TLS with --admin-tls', async () => {
    const { certificate, key } = tlsSampleFiles('first')
    const { admin } = await start([...loopback, '--admin-tls', '--tls-cert', certificate, '--tls-key', key])
    expect(await shownCertificate(admin)).toBe('hotdesk test first')
  })

  it('connects to an application with --outbound, as drachtio-server does by its request-handlers', async () => {
    const application = await openSrfListener(secret)
    ends.push(() => application.close())
    const { port } = await start([...loopback, '--outbound', `INVITE=tcp://127.0.0.1:${application.port}`])
    const words = { caller: '<sip:caller@127.0.0.1>', number: 'service' }
    const caller = startSipp({ scenario: 'call-unchallenged', port: await freePort(), node: `127.0.0.1:${port('udp')}`, words })
    expect(story(await caller.messages)).toBe('>INVITE <100 <180 <200 >ACK >BYE <200')
  })

  it('asks a web server with --outbound which application a call is for', async () => {
    const application = await openSrfListener(secret)
    const web = await openWebServer({
      status: 200,
      text: JSON.stringify({ action: 'route', data: { uri: `127.0.0.1:${application.port}` } }),
    })
    ends.push(() => application.close(), web.close)
    const { port } = await start([...loopback, '--outbound', `INVITE=${web.url}`])
    const words = { caller: '<sip:caller@127.0.0.1>', number: 'service' }
    const caller = startSipp({ scenario: 'call-unchallenged', port: await freePort(), node: `127.0.0.1:${port('udp')}`, words })
    expect(story(await caller.messages)).toBe('>INVITE <100 <180 <200 >ACK >BYE <200')
    expect(web.asked).toHaveLength(1)
  })

  it('shows the advertised address to applications', async () => {
    const { admin } = await start([...loopback, '--advertise', '192.0.2.10'])
    const application = await connectWireApplication(admin)
    ends.push(() => application.close())
    expect((await application.command(`authenticate|${secret}|`)).words[4]).toMatch(/^tcp\/192\.0\.2\.10:\d+,udp\/192\.0\.2\.10:\d+$/)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends it with 0, applications connected or not', async (signal) => {
    const { admin, program } = await start()
    const application = await openWireApplication({ port: admin, secret, verbs: ['invite'] })
    program.signal(signal)
    expect(await program.exited).toBe(0)
    await application.closed()
  })

  it('whose port is in use says which, and ends with 1', async () => {
    const { port } = await start()
    const second = place.run(['sipd', '--admin', '127.0.0.1:0', '--listen', `tcp://127.0.0.1:${port('tcp')}`], { env })
    expect(await second.exited).toBe(1)
    expect(second.output()).toMatch(new RegExp(`hotdesk: .*${port('tcp')}.* in use`))
  })

  it.each([
    ['no secret', [...loopback], {}, /set HOTDESK_DRACHTIO_SECRET, or pass --secret/],
    ['an address that is none', ['--listen', '127.0.0.1:5060'], env, /such as udp:\/\/0\.0\.0\.0:5060/],
    ['an admin address that is none', ['--admin', '9022'], env, /such as 127\.0\.0\.1:9022/],
    [
      'an outbound route that is none',
      [...loopback, '--outbound', 'tcp://127.0.0.1:3001'],
      env,
      /such as INVITE=tcp:\/\/127\.0\.0\.1:3001/,
    ],
    ['a password for a web server', [...loopback, '--outbound', 'INVITE=http://me:word@127.0.0.1/'], env, /such as INVITE=tcp/],
    ['tls without a certificate', ['--listen', 'tls://127.0.0.1:0'], env, /needs a TLS certificate and its key/],
    ['a certificate without a key', [...loopback, '--tls-cert', 'x.pem'], env, /--tls-cert and --tls-key go together/],
    ['a certificate that is not there', [...loopback, '--tls-cert', 'x.pem', '--tls-key', 'y.pem'], env, /x\.pem cannot be read/],
  ])('with %s says so and ends with 2', async (_what, args, variables, message) => {
    const program = place.run(['sipd', ...args], { env: variables })
    expect(await program.exited).toBe(2)
    expect(program.output()).toMatch(message)
  })

  it('--help has examples and warns where a secret can be seen', async () => {
    const program = place.run(['sipd', '--help'])
    expect(await program.exited).toBe(0)
    expect(program.output()).toMatch(/Examples:\n {2}export HOTDESK_DRACHTIO_SECRET/)
    expect(program.output().replaceAll(/\s+/g, ' ')).toContain('visible in `ps`')
  })
})
