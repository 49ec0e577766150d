import { type Milliseconds, parseDuration } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { type DeviceId, type Extension, type NodeName, parseExtension, parseSiteName, type SiteName } from '../base/identity.js'
import { languages, parseLanguage } from '../base/language.js'
import type { Seal } from '../base/seal.js'
import type { Secret } from '../base/secret.js'
import type { FieldChanges } from '../store/store.js'
import {
  type Device,
  type DeviceEdit,
  type Forwards,
  homeReturns,
  type LiveNode,
  type NodeAbility,
  nodeAbilities,
  type Site,
  type SiteEdit,
  secondLogins,
  type User,
  type UserEdit,
} from './contract.js'
import { parseKeys, writeKeys } from './keys/user-keys.js'
import { parseSiteCodes } from './membership/site-codes.js'
import { parseProfiles } from './profiles/site-profiles.js'
import { type RecordReader, readRecord } from './record.js'

type Hash = ReadonlyMap<string, string>
/** `value` is null if a required field is missing or wrong. */
export interface Parsed<Value> {
  readonly value: Value | null
  readonly problems: readonly string[]
}

const siteForm = 'a site, such as paris'
const keysForm = 'keys such as line, blf:101="Anna", park:1, break-out:london*100@paris'
const languageForm = `one of ${languages.join(', ')}`
const extensionForm = 'an extension, 1 to 15 digits'
const dialled = (text: string) => (/^[+0-9*#]{1,32}$/.test(text) ? text : null)

const forwardFields = {
  always: 'forwardAlways',
  busy: 'forwardBusy',
  noAnswer: 'forwardNoAnswer',
  notLoggedIn: 'forwardNotLoggedIn',
  notReachable: 'forwardNotReachable',
} as const satisfies Record<keyof Forwards, string>

/** Names that a site's dial plan defines. */
const rightsFields = ['rights', 'outOfHoursRights', 'timeProfile', 'profile'] as const

const usual = {
  enabled: 'yes',
  mayHotdesk: 'yes',
  mayForward: 'yes',
  doNotDisturb: 'no',
  secondLogin: 'move',
  ringSeconds: '25',
  hotdesk: 'no',
  modules: '0',
  homeLostLogout: '24h',
  homeReturn: 'keep',
} as const

/** Values of absent fields. */
export const usualTexts: Readonly<Record<string, string>> = usual

/** Fields of a device that an operator sets; the others change with use. */
export const deviceFields = ['site', 'hotdesk', 'credential', 'elin', 'location', 'mac', 'model', 'owner', 'modules'] as const

const voicemailForm = 'a number to dial, a SIP URI such as sip:100@vm.example.com, or none'

/** Null for an invalid text. A URI has neither a password nor parameters: its server is a trunk of the dial plan. */
export function parseVoicemail(text: string): string | null {
  return text === 'none' || /^sips?:[A-Za-z0-9.*#+_-]{1,64}@[A-Za-z0-9.:[\]-]{1,128}$/.test(text) ? text : dialled(text)
}

export function parseUser(extension: Extension, hash: Hash): Parsed<User> {
  const record = readRecord(hash)
  const home = record.required('home', parseSiteName, siteForm)
  const elsewhere = (text: string) => (text === extension ? null : text === 'voicemail' ? text : dialled(text))
  const forward = (when: keyof Forwards) =>
    record.optional(forwardFields[when], elsewhere, 'a number to dial, other than their own, or voicemail')
  const user = {
    extension,
    name: record.text('name') ?? extension,
    pinHash: record.text('pin'),
    enabled: record.flag('enabled', usual.enabled),
    mayHotdesk: record.flag('mayHotdesk', usual.mayHotdesk),
    mayForward: record.flag('mayForward', usual.mayForward),
    doNotDisturb: record.flag('doNotDisturb', usual.doNotDisturb),
    secondLogin: record.oneOf('secondLogin', secondLogins, usual.secondLogin),
    ringSeconds: record.number('ringSeconds', { from: 1, to: 600, otherwise: Number(usual.ringSeconds) }),
    forwards: {
      always: forward('always'),
      busy: forward('busy'),
      noAnswer: forward('noAnswer'),
      notLoggedIn: forward('notLoggedIn'),
      notReachable: forward('notReachable'),
    },
    voicemail: record.optional('voicemail', parseVoicemail, voicemailForm),
    ...rightsNames(record),
    language: record.optional('language', parseLanguage, languageForm),
    keys: record.optional('keys', parseKeys, keysForm) ?? [],
  }
  return { value: home && { ...user, home }, problems: record.problems }
}

function rightsNames({ optional }: RecordReader): Pick<User, (typeof rightsFields)[number]> {
  const named = (field: (typeof rightsFields)[number]) => optional(field, parseRightsName, 'a name such as manager')
  return {
    rights: named('rights'),
    outOfHoursRights: named('outOfHoursRights'),
    timeProfile: named('timeProfile'),
    profile: named('profile'),
  }
}

export function parseDevice(id: DeviceId, hash: Hash, seal: Seal): Parsed<Device> {
  const record = readRecord(hash)
  const site = record.required('site', parseSiteName, siteForm)
  const problems = [...record.problems]
  const location = record.text('location')
  const isWanted = record.flag('hotdesk', usual.hotdesk)
  if (isWanted && !location) problems.push('hotdesk is yes without a location: emergency calls could not be traced, so nobody can log in')
  const device = {
    id,
    hotdesk: isWanted && location !== null,
    password: unseal(record.text('credential'), (sealed) => seal.open(sealed, id), problems),
    elin: record.optional('elin', dialled, 'a telephone number'),
    location,
    mac: record.optional('mac', parseMac, 'a MAC address'),
    model: record.text('model'),
    owner: record.optional('owner', parseExtension, extensionForm),
    modules: record.number('modules', { from: 0, to: 9, otherwise: Number(usual.modules) }),
  }
  return { value: site && { ...device, site }, problems: [...new Set([...problems, ...record.problems])] }
}

function unseal(sealed: string | null, open: (sealed: string) => Secret, problems: string[]): Secret | null {
  try {
    return sealed === null ? null : open(sealed)
  } catch (fault) {
    problems.push(messageOf(fault))
    return null
  }
}

/** The name of rights or of hours, in the record of a user and in a dial plan. */
export function parseRightsName(text: string): string | null {
  return /^[A-Za-z][A-Za-z0-9-]{0,31}$/.test(text) ? text : null
}

/** `00:15:65:AA:BB:CC`, `00-15-65-aa-bb-cc`, `0015.65aa.bbcc` and `001565aabbcc` are one address; null for any other text. */
export function parseMac(text: string): string | null {
  const digits = text.replace(/[:. -]/g, '').toLowerCase()
  return text.length <= 24 && /^[0-9a-f]{12}$/.test(digits) ? digits : null
}

/** The value of a node's field `passports`, which announces that it understands hop tokens of version 2. */
export const hopTokensText = (boot: string): string => `2 ${boot}`

/** The value of a node's field `takes`, which announces the kinds of calls and requests that it takes. */
export const takesText = (boot: string): string => [...nodeAbilities, boot].join(' ')

export function parseNode(name: NodeName, hash: Hash): Parsed<LiveNode> {
  const record = readRecord(hash)
  const site = record.required('site', parseSiteName, siteForm)
  const sip = record.required('sip', (text) => text, 'the SIP address of the node')
  const boot = record.text('boot') ?? ''
  // A node of an earlier version that takes over the name leaves the field unchanged, so the field names the boot.
  const hopTokens = record.text('passports') === hopTokensText(boot) ? 2 : 1
  const version = record.text('version') ?? ''
  const [webhooksOf, ...named] = (record.text('webhooks') ?? '').split(' ')
  const webhooks = webhooksOf === boot ? named : []
  const takes = abilitiesIn(record.text('takes') ?? '', boot)
  const isDraining = boot !== '' && record.text('drains') === boot
  return {
    value: site && sip ? { name, site, sip, version, boot, hopTokens, takes, webhooks, isDraining } : null,
    problems: record.problems,
  }
}

/** None if the field is of another start of the node: an earlier version leaves it unchanged, too. */
function abilitiesIn(text: string, boot: string): readonly NodeAbility[] {
  const words = text.split(' ')
  return words.at(-1) === boot ? nodeAbilities.filter((ability) => words.includes(ability)) : []
}

/** How long users stay logged in elsewhere while their home site is lost; null for an invalid text. */
export function parseHomeLostLogout(text: string): { readonly ms: Milliseconds | null } | null {
  if (text === 'never' || text === '0') return { ms: null }
  const ms = parseDuration(text)
  return ms === null ? null : { ms }
}

const epochSeconds = (text: string): Milliseconds | null => (/^[0-9]{1,11}$/.test(text) ? Number(text) * 1_000 : null)

export function parseSite(id: SiteName, hash: Hash): Parsed<Site> {
  const record = readRecord(hash)
  const written = record.optional('homeLostLogout', (text) => (parseHomeLostLogout(text) ? text : null), 'a time such as 24h, or never')
  const homeLostLogout = written ?? usual.homeLostLogout
  const site: Site = {
    id,
    name: record.text('name') ?? id,
    homeLostLogout,
    homeLostLogoutMs: parseHomeLostLogout(homeLostLogout)?.ms ?? null,
    homeReturn: record.oneOf('homeReturn', homeReturns, usual.homeReturn),
    lost: record.optional('lost', epochSeconds, 'a time in seconds'),
    back: record.optional('back', epochSeconds, 'a time in seconds'),
    emergency: wordsOf(record.text('emergency')),
    reserved: record.text('reserved'),
    dids: wordsOf(record.text('dids')),
    profiles: parseProfiles(record.text('profiles') ?? ''),
    timezone: record.text('timezone'),
    language: record.optional('language', parseLanguage, languageForm),
    codes: parseSiteCodes(record.text('codes') ?? '', record.text('closedCodes') ?? ''),
  }
  return { value: site, problems: record.problems }
}

function wordsOf(text: string | null): readonly string[] {
  return (text ?? '').split(' ').filter((word) => word !== '')
}

export function siteChanges({ name, homeLostLogout, homeReturn }: SiteEdit): FieldChanges {
  const given = Object.entries({ name, homeLostLogout, homeReturn })
  return Object.fromEntries(given.flatMap(([field, text]) => (text === undefined ? [] : [[field, text || null] as const])))
}

export function userChanges(edit: UserEdit): FieldChanges {
  const changes: Record<string, string | null> = {}
  if (edit.name !== undefined) changes.name = edit.name
  if (edit.home !== undefined) changes.home = edit.home
  if (edit.pinHash !== undefined) changes.pin = edit.pinHash
  if (edit.enabled !== undefined) changes.enabled = yesNo(edit.enabled)
  if (edit.mayHotdesk !== undefined) changes.mayHotdesk = yesNo(edit.mayHotdesk)
  if (edit.mayForward !== undefined) changes.mayForward = yesNo(edit.mayForward)
  if (edit.voicemail !== undefined) changes.voicemail = edit.voicemail
  if (edit.doNotDisturb !== undefined) changes.doNotDisturb = yesNo(edit.doNotDisturb)
  if (edit.secondLogin !== undefined) changes.secondLogin = edit.secondLogin
  if (edit.ringSeconds !== undefined) changes.ringSeconds = String(edit.ringSeconds)
  if (edit.language !== undefined) changes.language = edit.language
  if (edit.keys !== undefined) changes.keys = writeKeys(edit.keys) || null
  for (const field of rightsFields) {
    const name = edit[field]
    if (name !== undefined) changes[field] = name
  }
  for (const [when, field] of Object.entries(forwardFields) as [keyof Forwards, string][]) {
    const number = edit.forwards?.[when]
    if (number !== undefined) changes[field] = number
  }
  return changes
}

export function deviceChanges(id: DeviceId, edit: DeviceEdit, seal: Seal): FieldChanges {
  const changes: Record<string, string | null> = {}
  if (edit.site !== undefined) changes.site = edit.site
  if (edit.hotdesk !== undefined) changes.hotdesk = yesNo(edit.hotdesk)
  if (edit.sealed !== undefined) changes.credential = edit.sealed
  else if (edit.password !== undefined) changes.credential = edit.password && seal.close(edit.password, id)
  if (edit.modules !== undefined) changes.modules = String(edit.modules)
  for (const field of ['elin', 'location', 'mac', 'model', 'owner'] as const) {
    const text = edit[field]
    if (text !== undefined) changes[field] = text
  }
  return changes
}

function yesNo(claim: boolean): string {
  return claim ? 'yes' : 'no'
}
