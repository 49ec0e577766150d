import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { MakerFile } from '../../../src/provisioning/makers/maker.js'
import { makers } from '../../../src/provisioning/makers/makers.js'
import { createTemplates, type Rendered } from '../../../src/provisioning/rendering/templates.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const lamp = { position: 0, page: 0, module: null, kind: 'lamp', value: '*77*5*', watch: '*77*5*', label: 'Logout', works: true }

const view = {
  device: 'HD0001',
  site: 'paris',
  mac: '0015651a2b3c',
  state: 'home',
  epoch: '7',
  language: 'en',
  model: { name: 'T54W', keys: 27, second: null, modules: { count: 3, keys: 60 } },
  zone: { name: 'Europe/Paris', offsetMinutes: 60, posix: 'STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00', summer: null },
  line: {
    userId: 'HD0001',
    domain: 'paris.example.com',
    password: new Secret('hush-hush'),
    servers: [{ host: 'sip.example.com', port: 5060, transport: 'udp' }],
    expiresSeconds: 600,
    subscribeSeconds: 600,
  },
  display: { name: 'Anna', number: '100', label: '100 Anna' },
  user: { extension: '100', name: 'Anna' },
  dialling: { codes: ['*77*5*', '*77*XXX*'], emergency: ['112'], pickUp: '*8', voicemail: null },
  pages: null,
  keys: [lamp],
}

const file = fileOf('yealink')

function fileOf(family: string): MakerFile {
  const found = makers.find((maker) => maker.family === family)?.files[0]
  if (!found) throw new Error(`no family ${family}`)
  return found
}

/** Renders for HD0001 with the given templates in the operator's folder. */
function render(texts: Readonly<Record<string, string>>): Rendered {
  return templatesWith(texts).renderFile(view, file)
}

function templatesWith(texts: Readonly<Record<string, string>>) {
  const folder = temporaryFolder('templates')
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return createTemplates({ folder, log: silentLogger() })
}

const extended = "{% layout 'built-in/yealink.liquid' %}"
const more = (text: string): string => `${extended}{% block more %}\n${text}\n{% endblock %}`
const builtInBody = render({}).body

describe('an override', () => {
  it('that is a pipe is not read, which would hold up the node', () => {
    const folder = temporaryFolder('templates')
    mkdirSync(join(folder, 'site/paris'), { recursive: true })
    execFileSync('mkfifo', [join(folder, 'site/paris/yealink.liquid')])
    expect(createTemplates({ folder, log: silentLogger() }).problems()).toEqual([
      { template: 'site/paris/yealink.liquid', problem: 'is not a file' },
    ])
  })

  it('extends the built-in template', () => {
    const { body, template, problems } = render({ 'site/paris/yealink.liquid': more('phone_setting.backgrounds = {{ site }}.jpg') })
    expect(problems).toEqual([])
    expect(template).toBe('site/paris/yealink.liquid')
    expect(body).toContain('\nphone_setting.backgrounds = paris.jpg\n')
    expect(body).toContain('\naccount.1.user_name = HD0001\n')
  })

  it('of a device counts before one of a model, and that before one of a site', () => {
    const all = {
      'device/HD0001/yealink.liquid': more('x.y = device'),
      'model/T54W/yealink.liquid': more('x.y = model'),
      'site/paris/yealink.liquid': more('x.y = site'),
    }
    expect(render(all).body).toContain('x.y = device')
    const { 'device/HD0001/yealink.liquid': _, ...others } = all
    expect(render(others).body).toContain('x.y = model')
    expect(render({ 'site/london/yealink.liquid': more('x.y = z') }).body).toBe(builtInBody)
  })

  it('may use parts, but nothing outside the folder', () => {
    const part = { 'parts/clock.liquid': 'local_time.time_format = {{ hours }}' }
    expect(render({ ...part, 'site/paris/yealink.liquid': more("{% render 'parts/clock.liquid', hours: 1 %}") }).body).toContain(
      'local_time.time_format = 1',
    )
    for (const path of ['/etc/hostname', '../../../etc/hostname', 'parts/../../../etc/hostname', './package.json'])
      expect(render({ 'site/paris/yealink.liquid': more(`{% render '${path}' %}`) }).problems[0]?.problem, path).toContain('ENOENT')
  })
})

describe('an override that cannot be used leaves the built-in file', () => {
  it.each([
    ['does not parse', '{% if %', 'not closed'],
    ['uses an unknown variable', more('x.y = {{ usre.name }}'), 'undefined variable: usre'],
    ['uses an unknown filter', more('x.y = {{ site | shout }}'), 'undefined filter: shout'],
    ['writes an object', more('x.y = {{ line }}'), 'an object has no text'],
    ['loops', more('{% for i in (1..1000000) %}{% for j in (1..1000000) %}{% endfor %}{% endfor %}'), 'limit exceeded'],
    ['makes a large range', more('{% for i in (1..1000000000) %}{% endfor %}'), 'memory alloc limit exceeded'],
    ['includes itself', "{% layout 'site/paris/yealink.liquid' %}", 'exceeded'],
    ['makes a large file', more(`{% for i in (1..20) %}x.y = ${'z'.repeat(60_000)}\n{% endfor %}`), 'makes a file of more than 1000000'],
    ['is not in the format of the phone', more('<xml/>'), 'is not `name = value`'],
    ['drops the identity', '#!version:1.0.0.1\nx.y = 1\n', 'is not set'],
    ['changes the identity', more('account.1.user_name = 100'), 'changes account.1.user_name'],
    ['changes it in other letters', more('Account.1.User_Name = 100'), 'changes account.1.user_name'],
    ['changes the logout key', more('linekey.1.type = 0'), 'changes linekey.1.type'],
    ['changes the emergency numbers', more('phone_setting.emergency.number = 1'), 'changes phone_setting.emergency.number'],
    ['blocks numbers', more('dialplan.block_out.1 = 112'), 'adds dialplan.block_out.1'],
    ['includes a file of another server', more('include:config "http://192.0.2.1/x.cfg"'), 'adds include:config'],
  ])('it %s', (_, text, problem) => {
    const rendered = render({ 'site/paris/yealink.liquid': text })
    expect(rendered.body).toBe(builtInBody)
    expect(rendered.template).toBe('built-in/yealink.liquid')
    expect(rendered.problems[0]?.problem).toContain(problem)
  })

  it('and one that takes too long is not tried again after three phones', () => {
    const slow = more(`${'{% for key in keys %}'.repeat(12)}x${'{% endfor %}'.repeat(12)}`)
    const templates = templatesWith({ 'site/paris/yealink.liquid': slow })
    const many = { ...view, keys: [lamp, lamp, lamp, lamp, lamp] }
    const reasons = [1, 2, 3, 4].map(() => templates.renderFile(many, file).problems[0]?.problem)
    expect(reasons.slice(0, 3)).toEqual(Array(3).fill(expect.stringContaining('template render limit exceeded')))
    expect(reasons[3]).toBe('took too long')
  })

  it('files that no phone would get are problems of the folder', () => {
    const found = templatesWith({ 'site/paris/yaelink.liquid': '', 'paris/yealink.liquid': '', 'parts/any.liquid': '' }).problems()
    expect(found.map(({ template }) => template)).toEqual(['paris/yealink.liquid', 'site/paris/yaelink.liquid'])
  })
})

describe('a name', () => {
  const named = (name: string, texts: Readonly<Record<string, string>> = {}): string => {
    const renamed = { ...view, display: { ...view.display, name } }
    return templatesWith(texts).renderFile(renamed, file).body
  }

  it('is data: it is not a template, has no lines and is never %NULL%', () => {
    expect(named('{{ line.password }}{% raw %}')).toContain('\naccount.1.display_name = {{ line.password }}{% raw %}\n')
    expect(named('A\r\naccount.1.enable = 0')).toContain('\naccount.1.display_name = A account.1.enable = 0\n')
    expect(named('%NULL%')).toContain('\naccount.1.display_name = % NULL %\n')
  })

  it('cannot be written without escaping: the filter raw and the tags echo and cycle escape as well', () => {
    const name = 'A\nsip.x = 1'
    for (const text of ['{{ display.name | raw }}', '{% echo display.name | raw %}', '{% cycle display.name %}'])
      expect(named(name, { 'site/paris/yealink.liquid': more(`x.y = ${text}`) }), text).toMatch(/\nx\.y = ?A sip\.x = 1/)
  })
})

it('the password is in the file, and not in an error', () => {
  expect(builtInBody).toContain('account.1.password = hush-hush')
  const { problems } = render({ 'site/paris/yealink.liquid': more('{{ line.password | nothing: line.password }} {{ line }}') })
  expect(JSON.stringify(problems)).not.toContain('hush-hush')
})

it('a reload reads the folder again', () => {
  const templates = templatesWith({ 'site/paris/yealink.liquid': more('x.y = 1') })
  const before = templates.version()
  templates.reload(null)
  expect(templates.renderFile(view, file).template).toBe('built-in/yealink.liquid')
  expect(templates.version()).not.toBe(before)
})
