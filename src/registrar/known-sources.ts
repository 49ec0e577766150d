import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { canonicalAddress } from '../base/ip-address.js'
import type { Logger } from '../base/logger.js'
import { nodeUri } from '../sip/uri/node-uri.js'
import { sipUri } from '../sip/uri/sip-uri.js'
import { parseUri } from '../sip/uri/uri.js'
import type { ChallengeTerms, KnownSources } from '../sipd/sipd.js'

/** Informs the SIP server about known sources, now and whenever they change. Known sources are never banned and do not share the limits of unknown ones. */
export interface KnownSourcesWatch {
  /** Something may have changed: looks at once rather than in the next round. */
  look(): void
  close(): void
}

export interface KnownSourcesNeeds {
  /** The dial plan in force. */
  readonly plan: () => {
    readonly trunks: readonly TrunkAddresses[]
    readonly emergencyDialled: readonly string[]
  }
  /** Live nodes: `udp:192.0.2.10:5060`. */
  readonly nodes: () => readonly { readonly sip: string }[]
  /** The flows of this node's phones: `sip:192.0.2.7:5060;transport=udp`. */
  readonly flows: () => readonly string[]
  /** Phones of this node behind NAT, as flow URIs, and the interval of their keep-alives. */
  readonly behindNat?: () => readonly string[]
  readonly keepAliveMs?: () => Milliseconds
  /** Emergency numbers of all sites. */
  readonly emergencies: () => readonly string[]
  readonly challenge: ChallengeTerms
  readonly setKnownSources: (sources: KnownSources) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

interface TrunkAddresses {
  readonly uri: string
  readonly from: readonly string[]
  readonly registration?: { readonly registrar: string }
  readonly outboundProxy?: string
}

const pollMs: Milliseconds = 5_000

export function followKnownSources(needs: KnownSourcesNeeds): KnownSourcesWatch {
  const { clock, log, setKnownSources } = needs
  let sent: string | null = null

  async function poll(): Promise<void> {
    const now = knownSourcesNow(needs)
    const { addresses, uris, flows, keepAlive, emergencies = [], ownEmergencies = [] } = now
    const keptAlive = [String(keepAlive?.everyMs ?? 0), ...(keepAlive?.phones ?? [])]
    const text = [addresses, uris, flows, keptAlive, emergencies, ownEmergencies].map((lines) => lines.join(' ')).join('\n')
    if (text === sent) return
    await setKnownSources(now)
    sent = text
  }

  const onFailure = (fault: unknown): void =>
    log.debug({ event: 'sip.lost', err: fault }, `the SIP server does not respond: ${messageOf(fault)}`)
  const look = (): void => void poll().catch(onFailure)
  look()
  const watch = every(clock, pollMs, poll, onFailure)
  return { look, close: () => watch.cancel() }
}

export function knownSourcesNow({
  plan,
  nodes,
  flows,
  behindNat = () => [],
  keepAliveMs = () => 0,
  emergencies,
  challenge,
}: Omit<KnownSourcesNeeds, 'setKnownSources' | 'clock' | 'log'>): KnownSources {
  const { trunks, emergencyDialled } = plan()
  const everyMs = keepAliveMs()
  return {
    addresses: trunks.flatMap(({ from }) => from.map(canonicalAddress)),
    uris: [...new Set(trunks.flatMap(urisOf)), ...withAddress(nodes()).map((node) => nodeUri(node))],
    flows: flows().flatMap((flow) => flowName(flow) ?? []),
    keepAlive: { phones: everyMs === 0 ? [] : behindNat(), everyMs },
    ownEmergencies: emergencyDialled,
    emergencies: [...new Set(emergencies())].sort(),
    challenge,
  }
}

/** Calls of a trunk may come from its registrar and from its proxy. */
function urisOf({ uri, registration, outboundProxy }: TrunkAddresses): readonly string[] {
  return [uri, registration?.registrar ?? uri, outboundProxy ?? uri]
}

function withAddress<Node extends { readonly sip: string }>(nodes: readonly Node[]): readonly Node[] {
  return nodes.filter(({ sip }) => sip !== '')
}

/** `sip:[2001:db8::7]:5060;transport=tcp` → `tcp 2001:db8::7:5060` */
export function flowName(flow: string): string | null {
  const uri = parseUri(flow)
  if (uri?.kind !== 'sip') return null
  return `${uri.params.get('transport') ?? 'udp'} ${uri.host.replace(/^\[|\]$/g, '')}:${uri.port ?? 5060}`
}

/** `tcp 2001:db8::7:5060` → `sip:[2001:db8::7]:5060;transport=tcp` */
export function flowNamed(name: string): string {
  const [, transport = '', host = '', port = ''] = /^(\w+) (.+):(\d+)$/.exec(name) ?? []
  return sipUri({ host, port: Number(port), transport })
}
