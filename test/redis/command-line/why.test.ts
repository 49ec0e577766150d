import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

/** A node that lives, and a phone that is registered at it. */
async function nodeOf(name: string, site: string): Promise<void> {
  await desk.redis.cli('HSET', `{hd}:node:${name}`, 'site', site, 'sip', 'udp:192.0.2.1:5060', 'version', '0.1.0')
}

async function register(device: string, node: string): Promise<void> {
  const expires = String(Math.floor(Date.now() / 1000) + 3600)
  const contact = ['contact', `sip:${device}@192.0.2.9`, 'flow', 'sip:192.0.2.9:5060', 'call-id', 'c', 'cseq', '1']
  await desk.redis.cli('HSET', `{hd}:reg:${device}`, 'node', node, 'expires', expires, ...contact)
}

const fileOf = (site: string): string => relative(process.cwd(), join(desk.folder, `dialplans/${site}.yaml`))

beforeAll(async () => {
  desk = await openCommandLine()
  await nodeOf('paris-1', 'paris')
  await nodeOf('london-1', 'london')
  await register('HD0001', 'paris-1')
  await register('HD0002', 'london-1')
  await desk.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '100', 'HD0001')
  await desk.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', '101', 'HD0002')
  await desk.directory.putUser('100', { rights: 'abroad', forwards: { busy: '101', noAnswer: '000441234' } })
})
afterAll(() => desk.close())

describe('hotdesk why', () => {
  test('explains step by step where a call goes, and what follows if the phone does not answer', async () => {
    const { code, out } = await desk.hotdesk('why', '100')
    expect(code).toBe(0)
    expect(out).toBe(
      [
        '100 dialled by any logged-in user, at node paris-1 of paris',
        'paris-1 runs hotdesk 0.1.0, which answers no requests',
        `this is the dial plan on this machine, ${fileOf('paris')}, with all trunks up`,
        '',
        '  emergency   100 is not an emergency number of paris',
        '  code        not a login or logout code',
        '  caller      the caller is assumed to be logged in',
        '  leaving     no logout is pending',
        '  number      100 is an extension at paris',
        '  user        100 is Alice of paris',
        '  forward     no forward of all calls is set',
        '  disturb     Alice takes calls',
        '  assignment  Alice uses HD0001',
        '  phone       HD0001 is registered at this node, paris-1',
        '  → HD0001 rings for 25 s',
        '',
        '  if busy or declined',
        '    forward     calls are forwarded to 101 when busy',
        '    loop        the call has not been at 101 before',
        '    number      101 is an extension at paris',
        '    user        101 is Bob of paris',
        '    forward     no forward of all calls is set',
        '    disturb     Bob takes calls',
        '    assignment  Bob uses HD0002',
        '    phone       HD0002 is registered at london-1, which gets the call',
        '    → HD0002 rings for 25 s (via london-1)',
        '',
        '    if busy, the caller gets 486 Busy Here',
        '    if declined, the caller gets 603 Decline',
        '    if no answer, the caller gets 480 No Answer',
        '    if not reachable, the caller gets 480 Phone Not Reachable',
        '',
        '  if no answer',
        '    forward  calls are forwarded to 000441234 when no answer',
        '    loop     the call has not been at 000441234 before',
        '    number   000441234 goes out as +441234 over paris-carrier',
        '    rights   rights abroad of paris: international numbers are allowed',
        '    → +441234 is called over paris-carrier',
        '',
        '  if not reachable, the caller gets 480 Phone Not Reachable',
      ].join('\n'),
    )
  })

  test('--from a phone begins where that phone is registered', async () => {
    const { out } = await desk.hotdesk('why', '100', '--from', 'HD0002')
    expect(out).toMatch(/^100 dialled at HD0002 by Bob \(101\), at node london-1 of london$/m)
    expect(out).toMatch(/^ {2}→ HD0001 rings for 25 s \(via paris-1\)$/m)
  })

  test('--from a user is the phone where they are logged in', async () => {
    expect(await desk.json('why', '112', '--from', '101')).toMatchObject({
      from: 'HD0002',
      site: 'london',
      destination: { kind: 'emergency', number: '999', trunks: ['london-carrier'] },
    })
    expect(await desk.hotdesk('why', '100', '--from', '102')).toMatchObject({
      code: 1,
      err: expect.stringContaining('102 is not logged in') as string,
    })
  })

  test('--from a trunk is a call of the carrier', async () => {
    expect(await desk.json('why', '+33199000100', '--from', 'paris-carrier')).toMatchObject({
      destination: { kind: 'phones', devices: ['HD0001'] },
    })
  })

  test('about a phone explains the user who is logged in there', async () => {
    expect(await desk.json('why', 'HD0001')).toMatchObject({ subject: 'HD0001', destination: { kind: 'phones', user: '100' } })
    expect((await desk.hotdesk('why', 'HD0003')).out).toContain('nobody is logged in at HD0003')
    expect((await desk.hotdesk('why', 'HD9999')).out).toContain('there is no phone HD9999')
  })

  test.each([
    ['100', 'HD0003', 'an announcement says that nobody is logged in, then 480'],
    ['*77*100*', 'HD0003', 'a voice asks for the PIN of 100'],
    ['*77*5*', 'HD0003', 'the user is logged out'],
    ['7', 'HD0001', 'the caller gets 404 Not Found'],
    ['*68*london*7', 'HD0001', 'the caller gets 404 Not Found'],
  ])('%s dialled at %s: %s', async (digits, device, outcome) => {
    expect(await desk.json('why', digits, '--from', device)).toMatchObject({ outcome })
  })

  test('reports that the caller’s phone is not registered, or that no node of the site is up', async () => {
    expect(await desk.json('why', '100', '--from', 'HD0003')).toMatchObject({
      remarks: expect.arrayContaining(['HD0003 is not registered; this shows what would happen if it were']) as string[],
    })
    await desk.redis.cli('DEL', '{hd}:node:london-1')
    expect(await desk.json('why', '100', '--site', 'london')).toMatchObject({
      node: null,
      plan: null,
      remarks: [
        'no node of london is up, so the call is not accepted',
        `this is the dial plan on this machine, ${fileOf('london')}, with all trunks up`,
      ],
    })
    expect((await desk.hotdesk('why', '101')).out).toContain('HD0002 is registered at london-1, which is down')
    await nodeOf('london-1', 'london')
  })

  test('refuses what cannot be answered', async () => {
    expect(await desk.hotdesk('why', '100', '--site', 'rome')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no node of rome is up, and the dial plan of rome is not on this machine') as string,
    })
    expect(await desk.hotdesk('why', '100', '--from', 'nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('--from is neither a phone nor a trunk of paris') as string,
    })
    expect(await desk.hotdesk('why', '1 00')).toMatchObject({ code: 2 })
  })
})
