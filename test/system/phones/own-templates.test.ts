import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { folderOfPhone } from '../../support/phones/folder-of-phone.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

/** A node with templates of its operator, and a Yealink phone that fetches from it. */
let office: TestOffice
let node: TestNode
let file: string
const folder = temporaryFolder('templates')
const own = join(folder, 'site/paris/yealink.liquid')

beforeAll(async () => {
  office = await openTestOffice()
  write('phone_setting.backgrounds = {{ display.name }}.png')
  node = await office.node('paris-1', 'paris', { env: { HOTDESK_PROVISIONING_TEMPLATES: folder } })
  file = `${await folderOfPhone('HD0001', node, office)}0015651a2b3c.cfg`
  await office.seat({ 100: 'HD0001' })
}, 60_000)

afterAll(() => office.close())

/** Extends the built-in template. */
function write(more: string): void {
  mkdirSync(dirname(own), { recursive: true })
  writeFileSync(own, `{% layout 'built-in/yealink.liquid' %}{% block more %}\n${more}\n{% endblock %}`)
}

async function reload(): Promise<void> {
  node.signal('SIGHUP')
  await node.logged('node.reloaded')
}

async function fetched(): Promise<{ readonly body: string; readonly etag: string | null }> {
  const response = await fetch(file, { headers: { 'User-Agent': 'Yealink SIP-T54W 96.86.0.20 00:15:65:1a:2b:3c' } })
  expect(response.status).toBe(200)
  return { body: await response.text(), etag: response.headers.get('etag') }
}

it('a phone gets the template of the operator; if that is broken, the built-in one; and the corrected one after a reload', async () => {
  const before = await fetched()
  expect(before.body).toContain('\nphone_setting.backgrounds = Alice.png\n')
  expect(before.body).toContain('\naccount.1.label = 100 Alice\n')

  for (const [broken, reason] of [
    ['x = {{ nobody.name }}', 'undefined variable'],
    ['account.1.user_name = 100', 'belongs to the login'],
    ['{% for a in (1..9999999) %}{% for b in (1..9999999) %}{% endfor %}{% endfor %}', 'limit exceeded'],
  ] as const) {
    write(broken)
    await reload()
    const builtIn = await fetched()
    expect(builtIn.body).toContain('\naccount.1.label = 100 Alice\n')
    expect(builtIn.body).toContain('\naccount.1.user_name = HD0001\n')
    expect(builtIn.body).not.toContain('backgrounds')
    expect(builtIn.etag).not.toBe(before.etag)
    const line = await node.logged('provisioning.template', ({ reason: text }) => String(text).includes(reason))
    expect(line).toMatchObject({ level: 'error', template: 'site/paris/yealink.liquid' })
  }

  write('phone_setting.backgrounds = second.png')
  await reload()
  expect((await fetched()).body).toContain('\nphone_setting.backgrounds = second.png\n')
  rmSync(folder, { recursive: true })
  await reload()
  expect((await fetched()).body).not.toContain('backgrounds')
})
