import type { Settings } from '../../../src/provisioning/formats/format.js'

/** What a phone uses of its configuration to register and to show. */
export interface Account {
  readonly user: string
  readonly password: string
  readonly host: string
  readonly port: number
  readonly label: string
}

/** How a phone of a maker behaves, by the makers' manuals. */
export interface Habits {
  readonly family: string
  /** Of HTTP, with the MAC where the maker sends it. */
  readonly webAgent: string
  readonly sipAgent: string
  /** Files in the order in which the phone asks for them after a start; `main` has the account. */
  readonly files: readonly string[]
  readonly main: string
  /** It sends If-None-Match, and keeps what it has after 304. */
  readonly isConditional: boolean
  /** It answers a check-sync NOTIFY with 401, unless its configuration tells it not to. */
  challenges(settings: Settings): boolean
  account(settings: Settings): Account
}

/** Of the simulated phones, as the makers write it in file names. */
export const mac = '0015651a2b3c'

type Get = (name: string) => string

function accountBy(read: (get: Get) => Account): Habits['account'] {
  return (settings) => read((name) => settings.get(name)?.at(-1) ?? '')
}

/** `192.0.2.10:5060`, `192.0.2.10:5060;transport=udp` */
function address(text: string): Pick<Account, 'host' | 'port'> {
  const [, host = '', port = ''] = /^([^:;]+):([0-9]+)/.exec(text) ?? []
  return { host, port: Number(port) }
}

const never = (): boolean => false

const yealink: Habits = {
  family: 'yealink',
  webAgent: 'Yealink SIP-T54W 96.86.0.20 00:15:65:1a:2b:3c',
  sipAgent: 'Yealink SIP-T54W 96.86.0.20',
  files: [`${mac}.boot`, 'y000000000000.boot', 'y000000000096.cfg', `${mac}.cfg`],
  main: `${mac}.cfg`,
  isConditional: false,
  challenges: never,
  account: accountBy((get) => ({
    user: get('account.1.auth_name'),
    password: get('account.1.password'),
    host: get('account.1.sip_server.1.address'),
    port: Number(get('account.1.sip_server.1.port')),
    label: get('account.1.label'),
  })),
}

const snomOf = (name: string): string => `settings/phone-settings[e=2]/${name}`

const snom: Habits = {
  family: 'snom',
  webAgent: 'Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12 0015651A2B3C SXM:0 UXM:0)',
  sipAgent: 'snomD785/10.1.33.33',
  files: ['snomD785.htm', 'snomD785-0015651A2B3C.htm'],
  main: 'snomD785-0015651A2B3C.htm',
  isConditional: false,
  challenges: (settings) => settings.get(snomOf('challenge_checksync'))?.at(-1) !== 'off',
  account: accountBy((get) => ({
    user: get(snomOf('user_pname[idx=1]')),
    password: get(snomOf('user_pass[idx=1]')),
    ...address(get(snomOf('user_outbound[idx=1]'))),
    label: get(snomOf('user_idle_text[idx=1]')),
  })),
}

const grandstreamOf = (name: string): string => `gs_provision/config/item[name=${name}]`

const grandstream: Habits = {
  family: 'grandstream',
  webAgent: 'Grandstream Model HW GRP2614 V1.6A SW 1.0.5.15 DevId 0015651a2b3c',
  sipAgent: 'Grandstream GRP2614 1.0.5.15',
  files: [`cfg${mac}`, `cfg${mac}.xml`],
  main: `cfg${mac}.xml`,
  isConditional: false,
  challenges: (settings) => settings.get(grandstreamOf('sip.notify.challenge'))?.at(-1) !== 'No',
  account: accountBy((get) => ({
    user: get(grandstreamOf('account.1.sip.subscriber.userid')),
    password: get(grandstreamOf('account.1.sip.subscriber.password')),
    ...address(get(grandstreamOf('account.1.sip.server.1.address'))),
    label: get(grandstreamOf('account.1.name')),
  })),
}

const polyOf = (name: string): string => `polycomConfig@${name}`

const poly: Habits = {
  family: 'poly',
  webAgent: `FileTransport PolycomVVX-VVX_450-UA/6.4.6.2494 (SN:${mac}) Type/Application`,
  sipAgent: 'PolycomVVX-VVX_450-UA/6.4.6.2494',
  files: [`${mac}.cfg`, `${mac}-user.cfg`, `${mac}-phone.cfg`, `${mac}-license.cfg`, `${mac}-directory.xml`],
  main: `${mac}-user.cfg`,
  isConditional: true,
  // Not known, so it is taken to.
  challenges: () => true,
  account: accountBy((get) => ({
    user: get(polyOf('reg.1.auth.userId')),
    password: get(polyOf('reg.1.auth.password')),
    host: get(polyOf('reg.1.server.1.address')),
    port: Number(get(polyOf('reg.1.server.1.port'))),
    label: get(polyOf('reg.1.label')),
  })),
}

const fanvilOf = (name: string): string => `sysConf/sip/line[index=1]/${name}`

const fanvil: Habits = {
  family: 'fanvil',
  webAgent: `Fanvil X5U-V2 2.12.16.17 ${mac}`,
  sipAgent: 'Fanvil X5U-V2 2.12.16.17',
  files: ['fanvil_x5u_v2_hwv2_0.txt', `${mac}.cfg`],
  main: `${mac}.cfg`,
  isConditional: false,
  challenges: () => true,
  account: accountBy((get) => ({
    user: get(fanvilOf('RegisterUser')),
    password: get(fanvilOf('RegisterPswd')),
    host: get(fanvilOf('RegisterAddr')),
    port: Number(get(fanvilOf('RegisterPort'))),
    label: get(fanvilOf('DisplayName')),
  })),
}

const gigasetOf = (name: string): string => `provisioning/nvm/param[name=${name}]@value`

/** A DECT base. It has no keys: users log in by dialling. */
const gigasetN: Habits = {
  family: 'gigaset-n',
  webAgent: 'Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;0015651A2B3C',
  sipAgent: 'Gigaset N870 IP PRO/83.V2.11.0+build.a546b91',
  files: [`${mac}.xml`],
  main: `${mac}.xml`,
  isConditional: false,
  challenges: () => true,
  account: accountBy((get) => ({
    user: get(gigasetOf('SipAccount.00001.AuthName')),
    password: get(gigasetOf('SipAccount.00001.AuthPassword')),
    host: get(gigasetOf('SipProvider.0.ProxyServerAddress')),
    port: Number(get(gigasetOf('SipProvider.0.ProxyServerPort'))),
    label: get(gigasetOf('SipAccount.00001.DisplayName')),
  })),
}

const maxwell: Habits = {
  ...gigasetN,
  family: 'gigaset-maxwell',
  webAgent: 'Gigaset Maxwell 3/3.14.2;0015651A2B3C',
  sipAgent: 'Gigaset Maxwell 3/3.14.2',
  account: accountBy((get) => ({
    user: get(gigasetOf('SIP.Account.0.AuthName')),
    password: get(gigasetOf('SIP.Account.0.AuthPassword')),
    host: get(gigasetOf('SIP.Account.0.ProxyServer.Address')),
    port: Number(get(gigasetOf('SIP.Account.0.ProxyServer.Port'))),
    label: get(gigasetOf('SIP.Account.0.AccountName')),
  })),
}

const ciscoOf = (name: string): string => `flat-profile/${name}`

const cisco: Habits = {
  family: 'cisco',
  webAgent: `Cisco-CP-8851-3PCC/12.0.7 (${mac})`,
  sipAgent: 'Cisco-CP-8851-3PCC/12.0.7',
  files: ['cp-phone.xml', `${mac}.xml`],
  main: `${mac}.xml`,
  isConditional: true,
  challenges: (settings) => settings.get(ciscoOf('Auth_Resync-Reboot_1_'))?.at(-1) !== 'No',
  account: accountBy((get) => ({
    user: get(ciscoOf('Auth_ID_1_')),
    password: get(ciscoOf('Password_1_')),
    ...address(get(ciscoOf('Outbound_Proxy_1_'))),
    label: get(ciscoOf('Station_Display_Name')),
  })),
}

/** Whatever reads the JSON. */
const generic: Habits = {
  family: 'generic',
  webAgent: 'ExamplePhone/1.0',
  sipAgent: 'ExamplePhone/1.0',
  files: [`${mac}.json`],
  main: `${mac}.json`,
  isConditional: true,
  challenges: never,
  account: accountBy((get) => ({
    user: get('line.userId'),
    password: get('line.password'),
    host: get('line.servers.0.host'),
    port: Number(get('line.servers.0.port')),
    label: get('display.label'),
  })),
}

export const habits: readonly Habits[] = [yealink, snom, grandstream, poly, fanvil, gigasetN, maxwell, cisco, generic]
