import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, openCommandLine } from '../../support/node/command-line.js'

let desk: CommandLine

beforeAll(async () => {
  desk = await openCommandLine()
  await desk.hotdesk('device', 'set', 'HD0001', '--model', 'Yealink T54W')
  await desk.redis.cli('HSET', '{hd}:site:paris', 'codes', 'login=*77* logout=*77*5*')
  await desk.redis.cli('HSET', '{hd}:node:paris-1', 'site', 'paris', 'boot', 'b1', 'sip', 'udp:127.0.0.1:5060')
})
afterAll(() => desk.close())

async function write(path: string, ...more: readonly string[]): Promise<string> {
  const file = join(desk.folder, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `{% layout 'built-in/yealink.liquid' %}{% block more %}\n${more.join('\n')}\n{% endblock %}`)
  return file
}

describe('hotdesk phone preview', () => {
  test('shows the file that the phone gets when the user logs in, and no password', async () => {
    const { code, out, err } = await desk.hotdesk('phone', 'preview', 'HD0001', '--user', '100')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^account\.1\.label = 100 /m)
    expect(out).toMatch(/^linekey\.1\.value = \*77\*5\*$/m)
    expect(out).toMatch(/^account\.1\.password = \[secret\]$/m)
    expect((await desk.hotdesk('phone', 'preview', 'HD0001', '--idle')).out).toMatch(/^account\.1\.label = HD0001$/m)
  })

  test('tries a template that is not installed', async () => {
    const file = await write('yealink.liquid', 'wallpaper = {{ site }}')
    expect((await desk.hotdesk('phone', 'preview', 'HD0001', '--user', '100', '--template', file)).out).toMatch(/^wallpaper = paris$/m)
  })

  test('says why a template would not be used, with exit code 1', async () => {
    const file = await write('any.liquid', 'account.1.user_name = 100')
    const { code, out, err } = await desk.hotdesk('phone', 'preview', 'HD0001', '--template', file)
    expect({ code, err }).toEqual({
      code: 1,
      err: 'device/hd0001/yealink.liquid is not used: changes account.1.user_name, which belongs to the login',
    })
    expect(out).toMatch(/^account\.1\.user_name = HD0001$/m)
  })

  test('names keys for which the phone has no position', async () => {
    await desk.hotdesk('user', 'set', '100', '--keys', Array.from({ length: 30 }, (_, index) => `blf:2${index}`).join(','))
    const { out } = await desk.hotdesk('phone', 'preview', 'HD0001', '--user', '100', '--json')
    expect(JSON.parse(out)).toMatchObject({ notShown: ['blf:226', 'blf:227', 'blf:228', 'blf:229'] })
    await desk.hotdesk('user', 'set', '100', '--keys', '')
  })

  test.each([
    [['HD0099'], 'there is no such phone'],
    [['HD0001', '--user', '199'], 'there is no such user'],
    [['HD0001', '--template', '/nowhere.liquid'], '/nowhere.liquid cannot be read'],
  ])('refuses %j with a sentence', async (words, sentence) => {
    const { code, err } = await desk.hotdesk('phone', 'preview', ...words)
    expect(code).toBe(1)
    expect(err).toContain(sentence)
  })
})

test('hotdesk doctor names the overrides that are not used, and is content with the others', async () => {
  const folder = join(desk.folder, 'templates')
  const configuration = join(desk.folder, 'hotdesk.yaml')
  const settings = JSON.parse(await readFile(configuration, 'utf8')) as object
  await writeFile(configuration, JSON.stringify({ ...settings, provisioning: { templates: folder } }))
  await write('templates/model/T54W/yealink.liquid', 'x = {{ nothing }}')
  await write('templates/site/paris/snom.liquid', 'not for any phone here')
  const found = JSON.parse((await desk.hotdesk('doctor', '--json')).out) as { about: string; says: string }[]
  expect(found.filter(({ about }) => about === 'templates').map(({ says }) => says)).toEqual([
    expect.stringContaining('model/t54w/yealink.liquid is not used: undefined variable: nothing'),
  ])
})
