import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLogger } from '../../src/base/logger.js'
import { createContacts } from '../../src/directory/directory.js'
import { type CommandLine, openCommandLine } from '../support/node/command-line.js'

let desk: CommandLine

const containing = (text: string) => expect.stringContaining(text) as string
const book = (owner = ''): Promise<string> => desk.redis.cli('HGETALL', `{hd}:contacts${owner}`)

beforeAll(async () => {
  desk = await openCommandLine()
})
afterAll(() => desk.close())

async function imported(content: string, ...options: readonly string[]) {
  const file = join(desk.folder, 'contacts.csv')
  await writeFile(file, content)
  return desk.hotdesk('contact', 'import', file, ...options)
}

describe('hotdesk contact', () => {
  test('keeps a number in its international form, whichever form is typed', async () => {
    expect(await desk.hotdesk('contact', 'set', '(01) 99 00 12 34', 'Taxi, Paris')).toMatchObject({ code: 0, out: '+33199001234: saved' })
    expect(await book()).toBe('+33199001234\nTaxi, Paris')
    expect(await desk.hotdesk('contact', 'set', '+33 1 99 00 12 34', 'Taxi')).toMatchObject({ code: 0 })
    expect(await book()).toBe('+33199001234\nTaxi')
    expect(await desk.hotdesk('contact', 'rm', '0199001234')).toMatchObject({ code: 0, out: '0199001234: removed' })
    expect(await book()).toBe('')
  })

  test('keeps a personal phone book apart from the central one and from those of others', async () => {
    await desk.hotdesk('contact', 'set', '+33612345678', 'Mum', '--user', '100')
    expect(await desk.json('contact', 'list', '--user', '100')).toEqual([{ number: '+33612345678', name: 'Mum' }])
    expect(await desk.json('contact', 'list', '--user', '101')).toEqual([])
    expect(await desk.json('contact', 'list')).toEqual([])
  })

  test('finds users of all sites and contacts by name and by number', async () => {
    await desk.hotdesk('contact', 'set', '+442079460100', 'Alîce’s Taxi')
    expect(await desk.json('contact', 'find', 'alice')).toEqual([
      { number: '100', name: 'Alice', site: 'paris' },
      { number: '+442079460100', name: 'Alîce’s Taxi', site: null },
    ])
    expect(await desk.json('contact', 'find', '7946')).toHaveLength(1)
    await desk.hotdesk('user', 'set', '100', '--enabled', 'no')
    expect(await desk.json('contact', 'find', 'alice')).toHaveLength(1)
    await desk.hotdesk('user', 'set', '100', '--enabled', 'yes')
  })

  test.each([
    [['set', 'abc', 'X'], 2, 'Expected a telephone number.'],
    [['set', '+4420', 'a\nb'], 2, 'Expected up to 100 characters on one line.'],
    [['set', '101', 'Bob'], 1, '101 is the extension of a user'],
    [['set', '+4420', 'X', '--user', '999'], 1, 'there is no such user'],
    [['rm', '+4420', '+442079460100'], 1, '+4420 is not in the phone book'],
  ])('refuses %j', async (args, code, err) => {
    expect(await desk.hotdesk('contact', ...args)).toMatchObject({ code, err: containing(err) })
  })

  test('imports a table all or nothing, and exports it again', async () => {
    const { out: before } = await desk.hotdesk('contact', 'export')
    expect(await imported('Name,Company,Number\nNora,ACME,01 99 00 55 55\nNobody,,x\n')).toMatchObject({
      code: 2,
      err: containing('contacts.csv:3:3'),
    })
    expect(await imported('name,number\nA,0199005555\nB,+33199005555\n')).toMatchObject({ code: 2, err: containing('contacts.csv:2:1') })
    expect((await desk.hotdesk('contact', 'export')).out).toBe(before)
    expect(await imported('Name;Number\nNora;01 99 00 55 55\n')).toMatchObject({ code: 0, out: 'contacts.csv: 1 contact read, 0 removed' })
    const { out: table } = await desk.hotdesk('contact', 'export')
    expect(table.split('\n').slice(1)).toEqual(['+442079460100,Alîce’s Taxi', '+33199005555,Nora'])
    expect(await imported('name,number\nNora,+33199005555\n', '--prune')).toMatchObject({ code: 1, err: containing('pass --yes') })
    expect(await imported('name,number\nNora,+33199005555\n', '--prune', '--yes')).toMatchObject({ code: 0 })
    expect(await book()).toBe('+33199005555\nNora')
    expect(await imported(table)).toMatchObject({ code: 0 })
    expect((await desk.hotdesk('contact', 'export')).out).toBe(table)
  })

  test('leaves an event that names no contact', async () => {
    await desk.hotdesk('contact', 'set', '+33612345679', 'Dad', '--user', '100')
    const [event] = await desk.store.recent('events', 1)
    expect(Object.fromEntries(event?.fields ?? [])).toMatchObject({ event: 'contacts.changed', user: '100', changed: '1', removed: '0' })
    expect(JSON.stringify([...(event?.fields ?? [])])).not.toMatch(/Dad|33612345679/)
  })

  test('of a renamed user follow, and those of a removed user are gone', async () => {
    const before = await book(':100')
    await desk.hotdesk('user', 'rename', '100', '190')
    expect([await book(':100'), await book(':190')]).toEqual(['', before])
    await desk.hotdesk('user', 'rm', '190', '--yes')
    expect(await book(':190')).toBe('')
  })

  test('edited by hand are read, and what is no contact is left out', async () => {
    await desk.redis.cli('HSET', '{hd}:contacts', '+331', 'By hand', 'not a number', 'x', '+332', '')
    const contacts = createContacts({ store: desk.store, log: silentLogger(), operator: null })
    await expect.poll(() => contacts.nameOf(['+331'], null)).toBe('By hand')
    expect(contacts.nameOf(['not a number', '+332'], null)).toBeNull()
    expect(contacts.of(null).map(({ name }) => name)).toContain('By hand')
    expect(contacts.of(null)).toHaveLength(3)
    contacts.close()
  })
})
