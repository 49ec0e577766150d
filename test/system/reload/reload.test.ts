import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'
import { converse, hangUp } from '../../support/node/conversation.js'
import { dialAnswered, dialRefused, hears } from '../../support/node/login.js'
import { networkSecret, type TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { finishedPlanText } from '../../support/node/sample-plan.js'
import { type Carrier, openCarrier, planOver } from '../../support/sip/carrier.js'

const outsideNumber = '00123456789'
const asCalled = '+33123456789'

let office: TestOffice
let desk: CommandLine
let first: Carrier
let second: Carrier
let atFirst: Phone
let atSecond: Phone
let paris: TestNode
let london: TestNode
let alice: Phone
let bob: Phone

beforeAll(async () => {
  office = await openTestOffice()
  first = await openCarrier()
  second = await openCarrier()
  paris = await office.node('paris-1', 'paris', { dialplan: planOver(first.address) })
  london = await office.node('london-1', 'london')
  desk = await openCommandLine(office.redis, networkSecret)
  atFirst = first.line(asCalled)
  atSecond = second.line(asCalled)
  alice = await office.phone('HD0001', paris)
  bob = await office.phone('HD0002', paris)
  await office.seat({ 100: 'HD0001', 101: 'HD0002' })
  await office.directory.putUser('100', { mayForward: true, forwards: { busy: outsideNumber } })
  await office.follows('user:100', (user) => user?.get('forwardBusy') === outsideNumber)
}, 90_000)

afterAll(async () => {
  await desk.close()
  await office.close()
  await first.close()
  await second.close()
})

const planFile = (): string => join(paris.folder, 'paris.yaml')
const configFile = (): string => join(paris.folder, 'hotdesk.yaml')

/** Calls the number at that carrier, and hangs up. */
async function reaches(carrier: Phone): Promise<void> {
  await hangUp(await converse(bob, outsideNumber, carrier))
}

describe('a node whose dial plan is reloaded', () => {
  it('carries a call in progress by the plan with which it began, and a new one by the new plan', async () => {
    const dialling = await bob.dial('100')
    const call = await alice.nextCall()
    writeFileSync(planFile(), planOver(second.address))
    expect(await desk.hotdesk('reload')).toMatchObject({ code: 0, out: 'paris-1: reloaded the dial plan' })
    // The user is busy: the forward is decided now.
    call.reject(486)
    const forwarded = await (await atFirst.nextCall()).answer()
    await forwarded.hangUp()
    expect(await dialling.result).toMatchObject({ outcome: 'answered' })
    await reaches(atSecond)
  })

  it('keeps everything if a file is invalid, and says where', async () => {
    const before = await desk.json('reload')
    writeFileSync(planFile(), `${planOver(first.address).replace('"0ZX."', '"0ZX"').slice(0, -1)},\n"outsid": "0"}`)
    const { code, out } = await desk.hotdesk('reload')
    expect(code).toBe(2)
    expect(out).toContain('paris-1: nothing has changed')
    expect(out).toMatch(/paris\.yaml:2:1 +outsid/)
    await reaches(atSecond)
    writeFileSync(planFile(), planOver(second.address))
    writeFileSync(configFile(), readFileSync(configFile(), 'utf8').replace('"debug"', '"loud"'))
    expect(await desk.hotdesk('reload')).toMatchObject({
      code: 2,
      out: expect.stringMatching(/hotdesk\.yaml:\d+:\d+ +log\.level/) as string,
    })
    writeFileSync(configFile(), readFileSync(configFile(), 'utf8').replace('"loud"', '"debug"'))
    expect(await desk.json('reload')).toEqual(before)
  })

  it('takes over the limits of the PIN dialogue and the log level, and names the settings that need a restart', async () => {
    const settings = JSON.parse(readFileSync(configFile(), 'utf8')) as Record<string, unknown>
    const changed = { ...settings, lockout: { user: { failures: 2 } }, login: { tries: 2 }, log: { level: 'info', form: 'json' } }
    writeFileSync(configFile(), JSON.stringify({ ...changed, sip: { ...(settings.sip as object), sessionSeconds: 900 } }))
    expect(await desk.json('reload')).toEqual([
      expect.objectContaining({
        node: 'paris-1',
        changed: ['login.tries', 'lockout.user.failures', 'log.level'],
        restart: ['sip.sessionSeconds'],
      }),
    ])
    const line = await paris.logged('node.reloaded', ({ restart }) => Array.isArray(restart) && restart.length > 0)
    expect(line).toMatchObject({ restart: ['sip.sessionSeconds'], by: expect.stringContaining('@') as string })
    // Until then every reload names it.
    expect(await desk.json('reload')).toEqual([expect.objectContaining({ changed: [], restart: ['sip.sessionSeconds'] })])
    // The second wrong PIN of a call ends it now.
    const call = await dialAnswered(alice, '*77*102*')
    await hears(call)
    await call.audio.press('1111#')
    await hears(call)
    await call.audio.press('2222#')
    await call.ended
    writeFileSync(configFile(), JSON.stringify(settings))
    expect((await desk.hotdesk('reload')).code).toBe(0)
  })

  it('takes over the settings of emergency calls all at once, and retention and keep-alives', async () => {
    const settings = JSON.parse(readFileSync(configFile(), 'utf8')) as Record<string, unknown>
    const retained = { retentionDays: 30, registration: { keepAliveSeconds: 20 } }
    const unknown = { ...settings, ...retained, emergency: { quietSeconds: 77, callBackMinutes: 'soon' } }
    writeFileSync(configFile(), JSON.stringify(unknown))
    expect(await desk.hotdesk('reload')).toMatchObject({ code: 2, out: expect.stringContaining('emergency.callBackMinutes') as string })
    writeFileSync(configFile(), JSON.stringify({ ...settings, ...retained, emergency: { quietSeconds: 77, callBackMinutes: 5 } }))
    expect(await desk.json('reload')).toEqual([
      expect.objectContaining({
        changed: ['retentionDays', 'registration.keepAliveSeconds', 'emergency.quietSeconds', 'emergency.callBackMinutes'],
        restart: [],
      }),
    ])
    await hangUp(await converse(alice, '112', second.line('112')))
    await office.follows('quiet:HD0001', (quiet) => quiet !== undefined)
    const seconds = async (key: string): Promise<number> => Number(await office.redis.cli('TTL', `{hd}:${key}`))
    expect(Math.ceil((await seconds('quiet:HD0001')) / 10)).toBe(8)
    expect(Math.ceil((await seconds('callback:+33199000001')) / 60)).toBe(5)
    writeFileSync(configFile(), JSON.stringify(settings))
    expect((await desk.hotdesk('reload')).code).toBe(0)
  })

  it('does so by SIGHUP as well, and publishes its new emergency numbers', async () => {
    writeFileSync(planFile(), planOver(first.address).replace('"15":"15"', '"15":"15","18":"18"'))
    paris.signal('SIGHUP')
    expect(await paris.logged('node.reloaded', ({ by }) => by === 'SIGHUP')).toMatchObject({ changed: ['the dial plan'] })
    await office.follows('site:paris', (site) => site?.get('emergency')?.split(' ').includes('018') ?? false)
    await reaches(atFirst)
    expect(paris.running).toBe(true)
    expect((await desk.hotdesk('events')).out).toMatch(/ reloaded .*changed the dial plan, .*by SIGHUP/)
    expect((await desk.hotdesk('events')).out).toMatch(/ reloaded .*changed the dial plan, via cli, by [^@ ]+, host /)
  })

  it('reports to a command that asks for every node of the network', async () => {
    expect((await desk.hotdesk('reload', '--all')).out).toBe('london-1: nothing has changed\nparis-1: nothing has changed')
    expect(await desk.hotdesk('reload', '--site', 'oslo')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no node of oslo is up') as string,
    })
  })
})

describe('hotdesk why', () => {
  it('is answered by a node of the site, although its dial plan is not on this machine', async () => {
    rmSync(join(desk.folder, 'dialplans/london.yaml'))
    const answer = { site: 'london', node: 'london-1', remarks: [], destination: { kind: 'emergency', number: '999' } }
    for (const at of ['london', 'london-1']) expect(await desk.json('why', '112', '--at', at)).toMatchObject(answer)
    expect((await desk.hotdesk('why', '100', '--at', 'london')).out).toMatch(/HD0001 rings for 25 s \(via paris-1\)/)
  })

  it('speaks of the dial plan that is loaded, and warns if the file differs', async () => {
    writeFileSync(planFile(), planOver(second.address).replace('"10X"]', '"10X","2XX"]'))
    const { out } = await desk.hotdesk('why', '200', '--from', 'HD0001')
    expect(out).toContain('the dial plan of paris-1: its file has changed since; `hotdesk reload --node paris-1` loads it')
    expect(out).toContain('neither an extension nor a route of paris matches')
    const warning = 'the dial plan of paris-1: its file has changed since; `hotdesk reload --node paris-1` loads it'
    expect((await desk.hotdesk('status')).err).toContain(warning)
    expect((await desk.hotdesk('status', '--site', 'london')).err).not.toContain('dial plan')
    expect((await desk.hotdesk('site', 'show', 'paris')).err).toContain(warning)
    expect((await desk.hotdesk('doctor')).out).toMatch(/^! +loaded plan +.*paris\.yaml: its file has changed since/m)
    writeFileSync(planFile(), planOver(first.address))
    await desk.hotdesk('reload')
  })

  it('has the trunks in the order in which the node would try them now', async () => {
    writeFileSync(planFile(), planOver(first.address, second.address))
    await desk.hotdesk('reload')
    const refused = dialRefused(bob, outsideNumber)
    const [one, two] = [await atFirst.nextCall(), atSecond.nextCall()]
    one.reject(503)
    ;(await two).reject(486)
    expect(await refused).toBe(486)
    expect(await desk.json('why', outsideNumber, '--from', 'HD0002')).toMatchObject({ destination: { trunks: ['line-2', 'line-1'] } })
    expect((await desk.hotdesk('status')).err).toMatch(/trunk line-1 of paris-1 is down since \d{4}-/)
    expect((await desk.hotdesk('site', 'show', 'paris')).out).toMatch(/line-1 \(is down since .*\) line-2/)
    expect(await desk.json('site', 'show', 'paris')).toMatchObject({
      plan: { file: planFile(), trunks: ['line-1', 'line-2'] },
      trunks: [
        { name: 'line-1', state: 'down' },
        { name: 'line-2', state: 'up', since: null },
      ],
    })
  })

  it('uses the dial plan on this machine if no node of the site is up, and says so', async () => {
    await london.stop()
    await office.follows('node:london-1', (node) => node === undefined)
    expect(await desk.hotdesk('why', '100', '--at', 'london')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no node of london is up, and the dial plan of london is not on this machine') as string,
    })
    writeFileSync(join(desk.folder, 'dialplans/london.yaml'), finishedPlanText('london'))
    const { remarks } = (await desk.json('why', '112', '--at', 'london')) as { remarks: readonly string[] }
    expect(remarks).toEqual([
      'no node of london is up, so the call is not accepted',
      expect.stringMatching(/^this is the dial plan on this machine, .*london\.yaml/),
    ])
  })
})
