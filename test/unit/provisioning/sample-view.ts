import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../../src/base/logger.js'
import { Secret } from '../../../src/base/secret.js'
import type { Settings } from '../../../src/provisioning/formats/format.js'
import type { MakerFile } from '../../../src/provisioning/makers/maker.js'
import { makers } from '../../../src/provisioning/makers/makers.js'
import { createTemplates, problemsIn } from '../../../src/provisioning/rendering/templates.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

/** A text that nothing else in a file contains. */
export const marker = 'Qqq'

export const families = makers.map(({ family }) => family)

export const passwordOfPhone = 'p4ss&"<word>'

const templates = createTemplates({ folder: null, log: silentLogger() })

/** The file of a family that holds the identity of the phone. */
function mainFile(family: string): MakerFile {
  const files = makers.find((maker) => maker.family === family)?.files ?? []
  const found = files.find(({ template }) => template === family) ?? files.at(-1)
  if (!found) throw new RangeError(`no family ${family}`)
  return found
}

/** Every kind of key; the first is the logout key, the second the lamp of a colleague. */
function keysOf(label: string) {
  const lamp = (value: string, text: string) => ({ kind: 'lamp', value, watch: value, label: text, works: true })
  const keys = [
    lamp('*77*5*', 'Logout'),
    lamp('101', label),
    { kind: 'speed', value: '0794600', watch: null, label, works: true },
    { kind: 'park', value: '*71', watch: '*71', label, works: true },
    { kind: 'pick-up', value: '*8', watch: null, label, works: true },
    { kind: 'text', value: '', watch: null, label, works: false },
    { kind: 'line', value: '', watch: null, label, works: true },
    { kind: 'none', value: '', watch: null, label: '', works: true },
  ]
  return keys.map((key, position) => ({ position, page: 0, module: null, ...key }))
}

/** A phone with eight keys, at which Anna sits. @param text her name, and the label of each of her keys */
function viewWith(text: string, family: string) {
  return {
    device: 'HD0001',
    site: 'paris',
    mac: '0015651a2b3c',
    state: 'home',
    epoch: '7',
    language: 'fr',
    model: { name: 'any', family, keys: 8, perPage: 8, second: null, modules: null },
    line: {
      userId: 'HD0001',
      password: new Secret(passwordOfPhone),
      domain: 'example.com',
      servers: [
        { host: 'a.example.com', port: 5060, transport: 'udp' },
        { host: 'b.example.com', port: 5061, transport: 'tls' },
      ],
      expiresSeconds: 600,
      subscribeSeconds: 900,
    },
    display: { name: text, number: '100', label: `100 ${text}` },
    user: { extension: '100', name: text },
    zone: {
      name: 'Europe/Paris',
      offsetMinutes: 60,
      posix: 'STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00',
      summer: {
        savingMinutes: 60,
        start: { month: 3, week: 5, weekday: 0, hour: 2, minute: 0 },
        end: { month: 10, week: 5, weekday: 0, hour: 3, minute: 0 },
      },
    },
    dialling: { codes: ['*77*5*', '*77*XXX*', '*2ZNX'], emergency: ['112', '15'], pickUp: '*8', voicemail: '*98' },
    pages: { central: 'https://h/p/t/central', personal: 'https://h/p/t/personal', calls: 'https://h/p/t/calls' },
    keys: keysOf(text),
  }
}

export interface ReadFile {
  readonly settings: Settings
  readonly problems: readonly string[]
}

/** The rendered file, read back by the parser of its format and judged by the maker's own check. */
export function renderedFor(text: string, family: string): ReadFile {
  return read(viewWith(text, family), family)
}

/** The same with other members of the view. */
export function renderedWith(members: OtherMembers, family: string): ReadFile {
  return read({ ...viewWith('Anna', family), ...members }, family)
}

type OtherMembers = { readonly model?: { readonly name: string } } & Partial<
  Record<'display' | 'folder' | 'keys' | 'language' | 'pages' | 'state' | 'user', unknown>
>

function read(view: Parameters<typeof templates.renderFile>[0], family: string): ReadFile {
  const file = mainFile(family)
  const { body } = templates.renderFile(view, file)
  return { settings: file.format.read(body).settings, problems: problemsIn(body, file) }
}

/** Names of the settings that no override may change. */
export function keptSettings(family: string, settings: Settings): readonly string[] {
  const { kept } = mainFile(family)
  return [...settings.keys()].filter((name) => kept.some((pattern) => pattern.test(name)))
}

/** What the phone gets if an override for its site adds that text in the block `more` of the built-in template. */
export function renderedOverride(family: string, more: string): { readonly template: string; readonly problems: readonly string[] } {
  const folder = temporaryFolder('templates')
  mkdirSync(join(folder, 'site/paris'), { recursive: true })
  const text = `{% layout 'built-in/${family}.liquid' %}{% block more %}\n${more}\n{% endblock %}`
  writeFileSync(join(folder, `site/paris/${family}.liquid`), text)
  const { template, problems } = createTemplates({ folder, log: silentLogger() }).renderFile(viewWith('Anna', family), mainFile(family))
  return { template, problems: problems.map(({ problem }) => problem) }
}
