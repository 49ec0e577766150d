import type { App } from '../app.js'
import { isLoopback } from '../base/ip-address.js'
import type { Config } from '../config/config.js'
import { samples } from '../directory/directory.js'
import { type Paint, table } from './output/terminal.js'

export interface BannerNeeds {
  readonly config: Pick<Config, 'node' | 'site' | 'sip' | 'sample' | 'dialplan' | 'provisioning'>
  readonly app: Pick<App, 'sip' | 'http' | 'store' | 'dialplan'>
  readonly paint: Paint
}

/** One part of the node. */
interface Part {
  readonly name: string
  readonly isUp: boolean
  readonly says: string
}

/** Printed when a node has started: which parts are up, their addresses, and what to dial. */
export function bannerLines({ config, app, paint }: BannerNeeds): string[] {
  const parts: readonly Part[] = [
    { name: 'SIP', isUp: app.sip.length > 0, says: app.sip.toSorted(udpFirst).join('  ') },
    { name: 'phones', isUp: app.sip.length > 0, says: `register at sip:${phoneAddress(app.sip)}, domain ${config.sip.domain}` },
    { name: 'HTTP', isUp: true, says: app.http },
    { name: 'provisioning', isUp: true, says: `phones fetch their settings from ${config.provisioning.url}/p/` },
    redisPart(app),
    { name: 'dial plan', isUp: true, says: config.dialplan },
    trunksPart(app),
  ]
  const lines = [
    `${paint.strong('hotdesk')} ${headline(app)}: node ${paint.strong(config.node)} at site ${paint.strong(config.site)}`,
    '',
    ...table(parts.map(({ name, isUp, says }) => [isUp ? paint.good('✓') : paint.bad('✗'), name, says])),
    '',
    ...(config.sample ? sampleLines({ config, app, paint }) : []),
    paint.faint('Press Ctrl-C to stop. Users stay logged in.'),
  ]
  return ['', ...lines.map((line) => `  ${line}`.trimEnd()), '']
}

/** A node without Redis is running but not up. */
function headline({ store }: BannerNeeds['app']): string {
  if (store.state === 'connected') return 'is up'
  return store.copyFrom === 'disk' ? 'is running without Redis, from a saved copy' : 'is running without Redis and without a saved copy'
}

function redisPart({ store }: BannerNeeds['app']): Part {
  const reasons = store.condition().reasons
  if (store.state !== 'connected') return { name: 'Redis', isUp: false, says: `${reasons[0] ?? 'lost'} (${store.cli})` }
  return { name: 'Redis', isUp: reasons.length === 0, says: [store.cli, ...reasons].join('; ') }
}

function trunksPart({ dialplan: { trunks, disabledTrunks } }: BannerNeeds['app']): Part {
  const names = trunks.map(({ name }) => name).join(', ')
  if (trunks.length > 0) return { name: 'trunks', isUp: true, says: names }
  const why = disabledTrunks.length > 0 ? `none is enabled (${disabledTrunks.join(', ')})` : 'none'
  return { name: 'trunks', isUp: false, says: `${why}: no call can leave this site, emergency calls included` }
}

/** The address for a phone on this machine: UDP if there is one, loopback if the server listens on all addresses. */
function phoneAddress(listening: readonly string[]): string {
  const [, address = ''] = listening.toSorted(udpFirst)[0]?.split('/') ?? []
  return address.replace(/^0\.0\.0\.0:/, '127.0.0.1:').replace(/^\[::\]:/, '[::1]:')
}

/** Softphones use UDP by default. */
function udpFirst(one: string, other: string): number {
  return Number(other.startsWith('udp/')) - Number(one.startsWith('udp/'))
}

/** How to allow phones on other machines; a warning if they can already use the published passwords. */
function reachLines({ config, paint }: BannerNeeds): string[] {
  if (config.sip.listen.every(({ address }) => isLoopback(address)))
    return [
      'Only this machine can reach it. For softphones on other machines of a trusted network, set',
      paint.key('HOTDESK_SIP_LISTEN=udp://0.0.0.0:5060,tcp://0.0.0.0:5060'),
      '',
    ]
  return [paint.bad('These passwords and PINs are published: anyone who reaches this machine can use them.'), '']
}

function sampleLines({ config, app, paint }: BannerNeeds): string[] {
  const [user] = samples.users
  const [device] = samples.devices
  const { login, logout } = app.dialplan.codes
  const phones = samples.devices.map(({ id, password }) => [id, password])
  const users = samples.users.map(({ extension, name, pin }) => [extension, name, pin])
  const left = table([['phone', 'password'], ...phones])
  const right = table([['user', 'name', 'PIN'], ...users])
  const width = Math.max(...left.map((line) => line.length))
  const rows = left.map((line, index) => `${line.padEnd(width)}     ${right[index] ?? ''}`)
  return [
    `${paint.strong('Samples')} for trying out; their passwords are published:`,
    ...rows.map((row, index) => (index === 0 ? paint.faint(row) : row)),
    '',
    ...reachLines({ config, app, paint }),
    `Register a softphone as ${paint.key(`sip:${device.id}@${phoneAddress(app.sip)}`)} with the password ${paint.key(device.password)}.`,
    `Dial ${paint.key(`${login}${user.extension}*`)} and enter ${paint.key(`${user.pin}#`)} to log ${user.name} in. ${paint.key(logout)} logs out.`,
    '',
  ]
}
