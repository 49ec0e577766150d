import { resolve } from 'node:path'
import type { z } from 'zod'
import { parseListenAddress } from '../base/listen-address.js'
import { isBlock, itemsOf } from './options.js'
import { readTlsFiles, type TlsFiles } from './tls-files.js'
import { block, form, keyText, listOf, type Path, type Problem, type Written } from './yaml/yaml-schema.js'

const threads = ['own', 'shared'] as const
/** Where the embedded SIP server runs: in a thread of its own, or in that of the node. */
export type SipThread = (typeof threads)[number]

const digestAlgorithms = ['SHA-512-256', 'SHA-256', 'MD5'] as const
const digestQops = ['optional', 'required'] as const

const matching = (pattern: RegExp) => (text: string) => (pattern.test(text) ? text : null)
/** `192.0.2.7`, `sip.example`, `2001:db8::7` */
const hostForm = form('a host name or an IP address', matching(/^[A-Za-z0-9.:-]{1,253}$/))
const file = form('a file', matching(/./))
const milliseconds = form('milliseconds, 1 to 60000', (text) =>
  /^[0-9]{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 60_000 ? Number(text) : null,
)

const originForm = (text: string): string | null =>
  text === '*' || /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$/.test(text) ? text : null

export const sipSettings = block({
  domain: form('a domain name', matching(/^[A-Za-z0-9.-]{1,253}$/)).describe('Domain of phones and users, and realm of their passwords.'),
  listen: listOf(form('an address such as udp://0.0.0.0:5060', parseListenAddress))
    .prefault(['udp://0.0.0.0:5060', 'tcp://0.0.0.0:5060'])
    .describe('Listen addresses: `udp://`, `tcp://`, `tls://`, `ws://`, `wss://`. Port 0: chosen by the system.'),
  advertise: hostForm
    .optional()
    .describe('Address at which others reach this node. Default: the listen address, or the machine’s first address for 0.0.0.0.'),
  origins: listOf(form('a web origin such as https://phones.example, or *', originForm))
    .prefault([])
    .describe('Origins of web pages that may connect over WebSocket: `https://phones.example`, or `*` for all. Default: the same host.'),
  aliases: listOf(hostForm)
    .prefault([])
    .describe(
      'Other domains of this network. If set, no further domain is accepted; otherwise phones may register with any name that reaches the node.',
    ),
  tls: block({
    certificate: file.optional().describe('Certificate chain for `tls://` and `wss://`, a PEM file. Reloaded when it changes.'),
    key: file.optional().describe('Private key of the certificate, a PEM file.'),
  }).prefault({}),
  digest: block({
    algorithms: listOf(form(`one of ${digestAlgorithms.join(', ')}`, (text) => digestAlgorithms.find((name) => name === text) ?? null))
      .prefault(['SHA-256', 'MD5'])
      .describe('Digest algorithms, best first: `SHA-512-256`, `SHA-256`, `MD5`. `SHA-256` alone forbids MD5.'),
    qop: form('optional or required', (text) => digestQops.find((word) => word === text) ?? null)
      .prefault('optional')
      .describe('`required` refuses digests without `qop` (RFC 2069); `optional` accepts them, once for each nonce.'),
  }).prefault({}),
  sessionSeconds: form('seconds, 90 to 86400', (text) =>
    /^[0-9]{1,5}$/.test(text) && Number(text) >= 90 && Number(text) <= 86_400 ? Number(text) : null,
  )
    .prefault('1800')
    .describe('Session interval of every leg (RFC 4028): a dead phone or trunk is detected within this time.'),
  thread: form(`one of ${threads.join(', ')}`, (text) => threads.find((thread) => thread === text) ?? null)
    .prefault('own')
    .describe('Thread of the SIP server: its `own`, or `shared` with the rest of the node.'),
  timers: block({
    t1: milliseconds.prefault('500').describe('RFC 3261 T1: round-trip time, milliseconds.'),
    t2: milliseconds.prefault('4000').describe('RFC 3261 T2: longest retransmission interval.'),
    t4: milliseconds.prefault('5000').describe('RFC 3261 T4: longest life of a message in the network.'),
  }).prefault({}),
})

/** @param folder where relative paths begin. */
export function tlsFilesOf({ tls: { certificate, key } }: z.output<typeof sipSettings>, folder: string): TlsFiles | null {
  return certificate !== undefined && key !== undefined ? { certificate: resolve(folder, certificate), key: resolve(folder, key) } : null
}

/** What the form of one setting cannot tell; `sip` is what was written. */
export function sipProblems(sip: unknown, { placeOf }: Pick<Written, 'placeOf'>, folder: string): Problem[] {
  const { listen, tls, digest } = isBlock(sip) ? sip : {}
  const problem = (path: Path, message: string): Problem => ({ place: placeOf(path), key: keyText(path), message })
  const { algorithms } = isBlock(digest) ? digest : {}
  if (algorithms !== undefined && itemsOf(algorithms).length === 0 && !isBlock(algorithms))
    return [problem(['sip', 'digest', 'algorithms'], 'missing: expected at least one algorithm')]
  if (listen !== undefined && itemsOf(listen).length === 0 && !isBlock(listen))
    return [problem(['sip', 'listen'], 'missing: expected at least one address')]
  const { certificate, key } = isBlock(tls) ? tls : {}
  if (typeof certificate === 'string' && typeof key === 'string') {
    const reading = readTlsFiles({ certificate: resolve(folder, certificate), key: resolve(folder, key) })
    return 'pair' in reading ? [] : reading.problems.map((found) => problem(['sip', 'tls', found.file], found.message))
  }
  if (certificate === undefined && key === undefined) return isSecure(listen) ? [problem(['sip', 'tls'], noPair)] : []
  const missing = key === undefined ? 'key' : 'certificate'
  return [problem(['sip', 'tls', missing], 'missing: certificate and key go together')]
}

const noPair = 'missing: tls:// and wss:// need a certificate and its key'

function isSecure(listen: unknown): boolean {
  return itemsOf(listen).some((address) => /^(tls|wss):/.test(String(address)))
}
