import type { z } from 'zod'
import { parseHostPort } from '../../base/host-port.js'
import { parseNodeName, parseSiteName } from '../../base/identity.js'
import { levels } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import { type JsonSchema, jsonSchemaOf } from '../yaml/json-schema.js'
import {
  block,
  type Checked,
  check,
  form,
  isBlock,
  keyText,
  type ParsedFile,
  type Path,
  type Problem,
  readYaml,
  secretForm,
} from '../yaml/yaml-schema.js'
import { behaviour } from './behaviour.js'
import { file, matching, oneOf, whole } from './forms.js'
import { mediaSettings } from './media-settings.js'
import { type Option, optionsOf } from './options.js'
import { provisioningProblems, provisioningSettings } from './provisioning-settings.js'
import { isShared, orText, redisProblems, redisSettings } from './redis-settings.js'
import { sipProblems, sipSettings } from './sip-settings.js'
import { webhookSettings } from './webhook-settings.js'

const name = 'a name of small letters, digits and -'
const secretText = secretForm('at least 16 characters', (text) => (text.length >= 16 ? new Secret(text) : null))

function parseDrachtio(text: string): 'embedded' | { host: string; port: number } | null {
  if (text === 'embedded') return text
  return text.startsWith('tcp://') ? parseHostPort(text.slice('tcp://'.length)) : null
}

/** Every setting: its form, its default and its description, which are found nowhere else. */
const settings = block({
  node: form(name, parseNodeName).describe('Name of this node, unique in the network.'),
  site: form(name, parseSiteName).describe('The office this node belongs to.'),
  network: form(name, matching(/^[a-z][a-z0-9-]{0,31}$/))
    .prefault('hd')
    .describe('Hash tag of every key in Redis: `{hd}:users`.'),
  secret: secretText
    .optional()
    .describe(
      'Signs calls between nodes and seals passwords; the same on every node. With an embedded Redis, it is generated and kept in `data`.',
    ),
  sip: sipSettings,
  drachtio: orText(
    block({
      url: secretForm('embedded or tcp://host:port (the secret is a setting of its own)', parseDrachtio)
        .prefault('embedded')
        .describe('`embedded`, or a drachtio-server: `tcp://host:9022`.'),
      secret: secretForm('a secret', (text) => (text === '' ? null : new Secret(text)))
        .optional()
        .describe('Admin secret of the drachtio-server.'),
    }),
  ).prefault({}),
  redis: redisSettings,
  http: block({
    listen: form('an address such as 0.0.0.0:8080', parseHostPort)
      .prefault('127.0.0.1:8080')
      .describe('Address of health and metrics. Set `0.0.0.0:8080` for a remote Prometheus, a load balancer or Kubernetes probes.'),
  }).prefault({}),
  provisioning: provisioningSettings,
  media: mediaSettings,
  data: form('a folder', matching(/./))
    .prefault('./data')
    .describe('Folder of the embedded Redis, the saved copy, call records and the generated secret. Relative to the configuration file.'),
  retentionDays: whole('days', { from: 1, to: 3_650 }).prefault('90').describe('Retention of call records, call logs and events, in days.'),
  dialplan: file.optional().describe('Dial plan of the site. Default: `dialplans/<site>.yaml`.'),
  ...behaviour,
  webhooks: webhookSettings,
  log: block({
    level: oneOf(levels)
      .prefault('info')
      .describe(`One of ${levels.join(', ')}.`),
    form: oneOf(['json', 'pretty']).optional().describe('`json` or `pretty`. Default: pretty at a terminal.'),
  }).prefault({}),
})

export type Settings = z.output<typeof settings>

/** For editors: what `hotdesk.yaml` may contain. */
export function settingsSchema(): JsonSchema {
  return jsonSchemaOf(settings, { title: 'hotdesk settings', description: 'The configuration of a node, hotdesk.yaml.' })
}

/** Every setting there is, in order. */
export const options: readonly Option[] = optionsOf(settings, 'HOTDESK')

/** The configuration of a node without a file. */
export const sampleText = 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n'

/** The settings of a file that sets nothing but the required ones. */
export function defaultSettings(): Omit<Settings, 'node' | 'site'> {
  const checked = check(settings, readYaml(sampleText, 'sample configuration'))
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems))
  return checked.value
}

/** @param folder base of relative paths */
export function checkSettings(written: ParsedFile, folder: string): Checked<Settings> {
  const checked = check(settings, written)
  const further = crossChecks(written, folder)
  const problems = 'problems' in checked ? [...checked.problems, ...further] : further
  return 'value' in checked && problems.length === 0 ? checked : { problems }
}

/** Problems that the form of a single setting cannot show. They are looked for in the text as written, so that other problems hide none of them. */
function crossChecks(written: ParsedFile, folder: string): Problem[] {
  const { secret, redis, drachtio, sip, provisioning } = isBlock(written.value) ? written.value : {}
  const missing = (path: Path, message: string): Problem => ({
    place: written.placeOf(path),
    key: keyText(path),
    message: `missing: ${message}`,
  })
  const drachtioBlock = isBlock(drachtio) ? drachtio : { url: drachtio }
  const problems = [
    ...redisProblems(redis, written, folder),
    ...sipProblems(sip, written, folder),
    ...provisioningProblems({ provisioning, sip }, written, folder),
  ]
  if (secret === undefined && isShared(redis))
    problems.push(missing(['secret'], 'nodes that share a Redis need the same secret; make one with `openssl rand -hex 32`'))
  if ((drachtioBlock.url ?? 'embedded') !== 'embedded' && drachtioBlock.secret === undefined)
    problems.push(missing(['drachtio', 'secret'], "expected the drachtio-server's admin secret, best as HOTDESK_DRACHTIO_SECRET"))
  return problems
}
