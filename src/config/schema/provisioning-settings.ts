import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import { parseHostPort, printHostPort } from '../../base/host-port.js'
import { isWildcard } from '../../base/ip-address.js'
import { block, form, isBlock, itemsOf, keyText, listOf, type ParsedFile, type Path, type Problem } from '../yaml/yaml-schema.js'
import { file } from './forms.js'

/** Where phones fetch their configuration. */
export interface WebAddress {
  readonly protocol: 'http' | 'https'
  /** IPv6 without brackets. */
  readonly address: string
  readonly port: number
}

/** `http://0.0.0.0:8081`, `https://[::]:8443` */
function parseWebAddress(text: string): WebAddress | null {
  const parts = /^(https?):\/\/(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})$/.exec(text)
  const [protocol, address, port] = [
    parts?.[1] === 'https' ? 'https' : 'http',
    parts?.[2] ?? parts?.[3],
    Number(parts?.[4] ?? 65_536),
  ] as const
  return address !== undefined && port <= 65_535 ? { protocol, address, port } : null
}

/** `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`; answers it with its bits. */
function parseNetwork(text: string): string | null {
  const [address = '', bits, more] = text.split('/')
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  const count = bits === undefined ? most : /^[0-9]{1,3}$/.test(bits) ? Number(bits) : -1
  return most < 0 || count < 0 || count > most || more !== undefined ? null : `${address}/${count}`
}

/** A SIP server that phones register at. */
export interface PhoneServer {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly host: string
  readonly port: number
}

function parseServer(text: string): PhoneServer | null {
  const parts = /^(udp|tcp|tls):\/\/(.{1,260})$/.exec(text)
  const place = parseHostPort(parts?.[2] ?? '')
  return parts && place ? { transport: parts[1] as PhoneServer['transport'], ...place } : null
}

/** Without a `/` at the end. */
function parseBase(text: string): string | null {
  if (!/^https?:\/\/[^?#@]{1,200}$/.test(text) || !URL.canParse(text)) return null
  return new URL(text).href.replace(/\/$/, '')
}

export const provisioningSettings = block({
  listen: listOf(form('an address such as https://0.0.0.0:8443', parseWebAddress))
    .prefault([])
    .describe(
      'Addresses where phones fetch their configuration: `http://`, `https://` (with the certificate of `sip.tls`). Default: that of `http.listen`.',
    ),
  url: form('a URL such as https://phones.example:8443', parseBase)
    .optional()
    .describe('URL at which phones reach it, without a path: best a name that all nodes of the site share. Default: the first address.'),
  networks: listOf(form('a network such as 10.0.0.0/8', parseNetwork))
    .prefault(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7', 'fe80::/10'])
    .describe('Networks of phones. Others get no configuration, whatever they know.'),
  servers: listOf(form('an address such as tls://sip.example:5061', parseServer))
    .prefault([])
    .describe('Where phones register: `udp://`, `tcp://`, `tls://`, the first two of them. Default: the nodes of the phone’s site.'),
  templates: file.optional().describe('Folder of [templates](../provisioning/README.md) that replace or extend those of hotdesk.'),
  authorities: file
    .optional()
    .describe("Certificates of phone makers, a PEM file: a client certificate with the phone's MAC address proves it over `https://`."),
}).prefault({})

export type ProvisioningSettings = z.output<typeof provisioningSettings>

/** What a node and its commands need of them. */
export interface Provisioning {
  readonly listen: readonly WebAddress[]
  readonly url: string
  readonly networks: readonly string[]
  readonly servers: readonly PhoneServer[]
  /** Folder of the operator's templates. */
  readonly templates: string | null
  readonly authorities: string | null
}

/** @param own where health and metrics are served. @param advertised the address that stands for a wildcard */
export function provisioningOf(
  { listen, url, networks, servers, templates, authorities }: ProvisioningSettings,
  { folder, own, advertised }: { readonly folder: string; readonly own: WebAddress; readonly advertised: string },
): Provisioning {
  const [{ protocol, address, port }] = [listen[0] ?? own]
  const host = isWildcard(address) ? advertised : address
  return {
    listen,
    url: url ?? `${protocol}://${printHostPort(host, port)}`,
    networks,
    servers,
    templates: templates === undefined ? null : resolve(folder, templates),
    authorities: authorities === undefined ? null : resolve(folder, authorities),
  }
}

/** Problems that the form of a single setting cannot show. @param folder base of relative paths */
export function provisioningProblems(
  { provisioning, sip }: Readonly<Record<'provisioning' | 'sip', unknown>>,
  { placeOf }: Pick<ParsedFile, 'placeOf'>,
  folder: string,
): Problem[] {
  const { listen, authorities } = isBlock(provisioning) ? provisioning : {}
  const { tls } = isBlock(sip) ? sip : {}
  const problem = (at: Path, message: string): Problem => ({ place: placeOf(at), key: keyText(at), message })
  const unreadable = typeof authorities === 'string' ? certificateProblem(resolve(folder, authorities)) : null
  const found = unreadable === null ? [] : [problem(['provisioning', 'authorities'], unreadable)]
  const isSecure = itemsOf(listen).some((address) => String(address).startsWith('https://'))
  if (!isSecure || tls !== undefined) return found
  return [...found, problem(['sip', 'tls'], 'missing: https:// in provisioning.listen needs a certificate and its key')]
}

function certificateProblem(path: string): string | null {
  try {
    return new X509Certificate(readFileSync(path)).ca ? null : `${path} has no certificate of an authority`
  } catch (fault) {
    return `${path} cannot be read as certificates (${messageOf(fault)})`
  }
}
