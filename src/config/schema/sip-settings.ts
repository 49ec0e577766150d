import { resolve } from 'node:path'
import type { z } from 'zod'
import { parseListenAddress } from '../../base/listen-address.js'
import { readTlsFiles, type TlsFiles } from '../tls-files.js'
import { block, form, isBlock, itemsOf, keyText, listOf, type ParsedFile, type Path, type Problem } from '../yaml/yaml-schema.js'
import { file, matching, oneOf, seconds, whole } from './forms.js'

const threads = ['own', 'shared'] as const
/** Where the embedded SIP server runs: in a thread of its own, or in that of the node. */
export type SipThread = (typeof threads)[number]

const digestAlgorithms = ['SHA-512-256', 'SHA-256', 'MD5'] as const

/** `192.0.2.7`, `sip.example`, `2001:db8::7` */
const host = form('a host name or an IP address', matching(/^[A-Za-z0-9.:-]{1,253}$/))
const origin = form(
  'a web origin such as https://phones.example, or *',
  matching(/^(\*|https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?)$/),
)
const milliseconds = whole('milliseconds', { from: 1, to: 60_000 })

export const sipSettings = block({
  domain: form('a domain name', matching(/^[A-Za-z0-9.-]{1,253}$/)).describe('Domain of phones and users, and realm of their passwords.'),
  listen: listOf(form('an address such as udp://0.0.0.0:5060', parseListenAddress))
    .prefault(['udp://0.0.0.0:5060', 'tcp://0.0.0.0:5060'])
    .describe('Listen addresses: `udp://`, `tcp://`, `tls://`, `ws://`, `wss://`. Port 0: chosen by the system.'),
  advertise: host
    .optional()
    .describe('Address at which others reach this node. Default: the listen address, or the machine’s first address for 0.0.0.0.'),
  origins: listOf(origin)
    .prefault([])
    .describe('Origins of web pages that may connect over WebSocket: `https://phones.example`, or `*` for all. Default: the same host.'),
  aliases: listOf(host)
    .prefault([])
    .describe(
      'Other domains of this network. If set, no further domain is accepted; otherwise phones may register with any name that reaches the node.',
    ),
  tls: block({
    certificate: file.optional().describe('Certificate chain for `tls://` and `wss://`, a PEM file. Reloaded when it changes.'),
    key: file.optional().describe('Private key of the certificate, a PEM file.'),
  }).prefault({}),
  digest: block({
    algorithms: listOf(oneOf(digestAlgorithms))
      .prefault(['SHA-256', 'MD5'])
      .describe('Digest algorithms, best first: `SHA-512-256`, `SHA-256`, `MD5`. `SHA-256` alone forbids MD5.'),
    qop: oneOf(['optional', 'required'])
      .prefault('optional')
      .describe('`required` refuses digests without `qop` (RFC 2069); `optional` accepts them, once for each nonce.'),
  }).prefault({}),
  sessionSeconds: seconds(90, 86_400)
    .prefault('1800')
    .describe('Session interval of every leg (RFC 4028): a dead phone or trunk is detected within this time.'),
  thread: oneOf(threads).prefault('own').describe('Thread of the SIP server: its `own`, or `shared` with the rest of the node.'),
  timers: block({
    t1: milliseconds.prefault('500').describe('RFC 3261 T1: round-trip time, milliseconds.'),
    t2: milliseconds.prefault('4000').describe('RFC 3261 T2: longest retransmission interval.'),
    t4: milliseconds.prefault('5000').describe('RFC 3261 T4: longest life of a message in the network.'),
  }).prefault({}),
})

/** @param folder base of relative paths */
export function tlsFilesOf({ tls: { certificate, key } }: z.output<typeof sipSettings>, folder: string): TlsFiles | null {
  return certificate !== undefined && key !== undefined ? { certificate: resolve(folder, certificate), key: resolve(folder, key) } : null
}

/** Problems that the form of a single setting cannot show. @param sip the block as written */
export function sipProblems(sip: unknown, { placeOf }: Pick<ParsedFile, 'placeOf'>, folder: string): Problem[] {
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
