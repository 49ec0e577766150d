import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from '../base/clock.js'
import { errors } from '../base/errors.js'
import { type HostPort, parseHostPort, printHostPort } from '../base/host-port.js'
import { isLoopback } from '../base/ip-address.js'
import { createLifecycle, type Lifecycle } from '../base/lifecycle.js'
import { type ListenAddress, parseListenAddress } from '../base/listen-address.js'
import { createLogger, type Level, type Logger, levels } from '../base/logger.js'
import { Secret } from '../base/secret.js'
import { drachtioSecret } from '../config/environment.js'
import { defaultSettings } from '../config/schema/schema.js'
import { type TlsFiles, type TlsPair, tlsPairOf } from '../config/tls-files.js'
import { followTlsFiles } from '../config/tls-renewal.js'
import type { Advice, OutboundPlace, OutboundRoute, Sipd } from '../sipd/sipd.js'
import { withHolder } from './doctor/ports.js'
import type { CommandNeeds } from './needs.js'
import { type Terminal, table } from './output/terminal.js'
import { endOf, processEvents } from './process-events.js'

interface SipdOptions {
  readonly listen?: readonly ListenAddress[]
  readonly admin: HostPort
  readonly adminTls?: boolean
  readonly outbound?: readonly OutboundRoute[]
  readonly secret?: Secret
  readonly advertise?: string
  readonly origin?: readonly string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly logLevel: Level
}

/** `hotdesk sipd` */
export function sipdCommand(command: Command, needs: CommandNeeds): void {
  const { sip, log } = defaultSettings()
  command
    .addOption(
      new Option('--listen <address>', 'udp://, tcp://, tls://, ws:// or wss:// with an IP address and a port; repeatable').argParser(
        addListen,
      ),
    )
    .addOption(
      new Option('--admin <host:port>', 'where applications connect').default(localAdmin, '127.0.0.1:9022').argParser(readHostPort),
    )
    .option('--admin-tls', 'applications connect over TLS, with the certificate of --tls-cert')
    .addOption(
      new Option(
        '--outbound <route>',
        'send requests of a method to an application or a web server: INVITE=tcp://host:port, *=https://…; repeatable',
      ).argParser(addOutbound),
    )
    .addOption(
      new Option('--secret <text>', 'the secret of the applications; visible in `ps`, so prefer HOTDESK_DRACHTIO_SECRET').argParser(
        readSecret,
      ),
    )
    .option('--advertise <host>', 'the address in Via, Contact and Record-Route')
    .addOption(
      new Option('--origin <origin>', 'a web page that may connect by WebSocket: https://phones.example, or *; repeatable').argParser(
        addOrigin,
      ),
    )
    .option('--tls-cert <file>', 'certificate and chain for tls:// and wss://, PEM; reloaded when it changes')
    .option('--tls-key <file>', 'its private key, PEM')
    .addOption(new Option('--log-level <level>', 'the log level').choices(levels).default(log.level))
    .addHelpText('after', `\nWithout --listen it listens on ${sip.listen.map(printListen).join(' and ')}. ${help}`)
    .action(async (options: SipdOptions) => needs.exit(await run(options, needs.terminal)))
}

const localAdmin: HostPort = { host: '127.0.0.1', port: 9022 }

function printListen({ protocol, address, port }: ListenAddress): string {
  return `${protocol}://${printHostPort(address, port)}`
}

const help = `It speaks drachtio-server's admin protocol:
an application on drachtio-srf changes only host, port and secret of srf.connect(). With --outbound the server connects, to srf.listen().

Examples:
  export HOTDESK_DRACHTIO_SECRET=cymru
  hotdesk sipd
  hotdesk sipd --admin 127.0.0.1:9022 --listen udp://127.0.0.1:5060
  hotdesk sipd --listen udp://0.0.0.0:5060 --advertise 192.0.2.10
  hotdesk sipd --listen tls://0.0.0.0:5061 --listen wss://0.0.0.0:8443 \\
    --tls-cert chain.pem --tls-key key.pem
  hotdesk sipd --outbound INVITE=tcp://127.0.0.1:3001 \\
    --outbound REGISTER=tcp://127.0.0.1:3002
  hotdesk sipd --outbound INVITE=http://127.0.0.1:8000/calls`

function addListen(text: string, before: readonly ListenAddress[] | undefined): readonly ListenAddress[] {
  const address = parseListenAddress(text)
  if (!address) throw new InvalidArgumentError('Expected an address such as udp://0.0.0.0:5060.')
  return [...(before ?? []), address]
}

function addOrigin(text: string, before: readonly string[] | undefined): readonly string[] {
  if (text !== '*' && !/^https?:\/\/[^/]+$/.test(text))
    throw new InvalidArgumentError('Expected an origin such as https://phones.example, or *.')
  return [...(before ?? []), text]
}

function addOutbound(text: string, before: readonly OutboundRoute[] | undefined): readonly OutboundRoute[] {
  const [, method = '', target = ''] = /^([A-Z]+|\*)=(\S+)$/.exec(text) ?? []
  const destination = readPlace(target) ?? readAdvice(target)
  if (!destination)
    throw new InvalidArgumentError(
      'Expected a method and an address such as INVITE=tcp://127.0.0.1:3001 or INVITE=http://127.0.0.1:8000/calls.',
    )
  return [...(before ?? []), { method, ...destination }]
}

function readPlace(target: string): OutboundPlace | null {
  const [, protocol = '', place = ''] = /^(tcp|tls):\/\/(.+)$/.exec(target) ?? []
  const found = parseHostPort(place)
  return found && { protocol: protocol === 'tls' ? 'tls' : 'tcp', address: found.host, port: found.port }
}

/** Without credentials: `ps` would show them, and fetch does not accept them. */
function readAdvice(target: string): Advice | null {
  const url = /^https?:\/\//.test(target) && URL.canParse(target) ? new URL(target) : null
  return url?.username === '' && url.password === '' ? { protocol: 'http', url: url.href } : null
}

function readHostPort(text: string): HostPort {
  const found = parseHostPort(text)
  if (!found) throw new InvalidArgumentError('Expected an address such as 127.0.0.1:9022.')
  return found
}

function readSecret(text: string): Secret {
  if (text === '') throw new InvalidArgumentError('Expected a secret.')
  return new Secret(text)
}

async function run(options: SipdOptions, terminal: Terminal): Promise<0 | 1> {
  const log = createLogger({ level: options.logLevel, form: process.stdout.isTTY ? 'pretty' : 'json' })
  const events = processEvents()
  const lifecycle = createLifecycle({
    clock: systemClock,
    deadlineMs: 5_000,
    onFault: (name, err) => log.error({ event: 'node.fault', err }, name),
  })
  try {
    const end = endOf(events, { clock: systemClock })
    const opened = await open(options, lifecycle, log).catch((fault: unknown) => Promise.reject(withHolder(fault)))
    for (const line of bannerLines(opened, options, terminal)) terminal.announce(line)
    const reason = await end
    if (reason.by === 'signal') return 0
    log.fatal({ event: 'node.fault', err: reason.fault }, 'unexpected error, the SIP server ends')
    return 1
  } finally {
    await lifecycle.close()
    events.close()
  }
}

/** Loads the server here only, so that other commands start faster. */
async function open(options: SipdOptions, lifecycle: Lifecycle, log: Logger): Promise<Sipd> {
  const { createSipd } = await import('../sipd/sipd.js')
  const files = tlsFilesOf(options)
  const pair = files && tlsPairOf(files)
  const { listen, timers } = defaultSettings().sip
  const sipd = await createSipd({
    listen: options.listen ?? listen,
    timers,
    advertise: options.advertise ?? null,
    origins: options.origin ?? [],
    admin: { address: options.admin.host, port: options.admin.port, protocol: options.adminTls ? 'tls' : 'tcp' },
    outbound: options.outbound ?? [],
    secret: secretOf(options),
    tls: pair && { ...pair, authorities: null },
    clock: systemClock,
    log,
  })
  lifecycle.opened(sipd, 'SIP server', (opened) => opened.close())
  const renew = (renewed: TlsPair): Promise<void> => sipd.renewTls({ ...renewed, authorities: null })
  if (files && pair)
    lifecycle.opened(followTlsFiles({ files, present: pair, renew, clock: systemClock, log }), 'TLS renewal', (opened) => opened.close())
  return sipd
}

function tlsFilesOf({ tlsCert, tlsKey }: SipdOptions): TlsFiles | null {
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw errors.CONFIG_INVALID.tlsOptions()
  return tlsCert !== undefined && tlsKey !== undefined ? { certificate: resolve(tlsCert), key: resolve(tlsKey) } : null
}

function secretOf({ secret = drachtioSecret() ?? undefined }: SipdOptions): Secret {
  if (secret) return secret
  throw errors.CONFIG_INVALID.noApplicationSecret()
}

function bannerLines({ listening, admin }: Sipd, { adminTls = false }: SipdOptions, { paint }: Terminal): string[] {
  const places = table([
    ['SIP', listening.map(({ protocol, address, port }) => `${protocol}/${printHostPort(address, port)}`).join('  ')],
    ['admin', printHostPort(admin.address, admin.port)],
  ])
  const open =
    adminTls || isLoopback(admin.address)
      ? []
      : [paint.bad('The admin port is open to the network: secret and messages are sent unencrypted. To encrypt them: --admin-tls')]
  const lines = [`${paint.strong('hotdesk')}: the server is up`, '', ...places, '', ...open, paint.faint('Press Ctrl-C to stop.')]
  return ['', ...lines.map((line) => `  ${line}`.trimEnd()), '']
}
