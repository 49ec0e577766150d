import { type Clock, every, type Milliseconds } from '../base/clock.js'
import { messageOf } from '../base/errors.js'
import { canonicalAddress } from '../base/ip-address.js'
import type { Logger } from '../base/logger.js'
import { parseUri, sipUri } from '../sip/uri/uri.js'
import type { ChallengeTerms, KnownSources } from '../sipd/sipd.js'

/** Tells the SIP server whom this node knows, now and whenever it changes: such sources are never banned, and strangers use up nothing of theirs. */
export interface KnownSourcesWatch {
  close(): void
}

export interface KnownSourcesNeeds {
  readonly trunks: readonly { readonly uri: string; readonly from: readonly string[] }[]
  /** The living nodes: `udp:192.0.2.10:5060`. */
  readonly nodes: () => readonly { readonly sip: string }[]
  /** Where the phones of this node are: `sip:192.0.2.7:5060;transport=udp`. */
  readonly flows: () => readonly string[]
  /** Phones of this node behind NAT, as flow URIs, and how often they are to hear something. */
  readonly hidden?: () => readonly string[]
  readonly keepAliveMs?: Milliseconds
  /** What brings help at any site. */
  readonly emergencies: () => readonly string[]
  readonly challenge: ChallengeTerms
  readonly tell: (acquaintances: KnownSources) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

const lookMs: Milliseconds = 5_000

export function followKnownSources(needs: KnownSourcesNeeds): KnownSourcesWatch {
  const { clock, log, tell } = needs
  let told: string | null = null

  async function look(): Promise<void> {
    const now = acquaintancesNow(needs)
    const text = [...now.addresses, ...now.uris, ...now.flows, ...(now.keepAlive?.phones ?? []), ...(now.emergencies ?? [])].join('\n')
    if (text === told) return
    await tell(now)
    told = text
  }

  const stumbled = (fault: unknown): void => log.debug({ event: 'sip.lost', err: fault }, `the SIP server is away: ${messageOf(fault)}`)
  look().catch(stumbled)
  const watch = every(clock, lookMs, look, stumbled)
  return { close: () => watch.cancel() }
}

export function acquaintancesNow({
  trunks,
  nodes,
  flows,
  hidden = () => [],
  keepAliveMs = 0,
  emergencies,
  challenge,
}: Omit<KnownSourcesNeeds, 'tell' | 'clock' | 'log'>): KnownSources {
  return {
    addresses: trunks.flatMap(({ from }) => from.map(canonicalAddress)),
    uris: [...trunks.map(({ uri }) => uri), ...nodes().flatMap(({ sip }) => nodeUri(sip) ?? [])],
    flows: flows().flatMap((flow) => flowName(flow) ?? []),
    keepAlive: { phones: keepAliveMs === 0 ? [] : hidden(), everyMs: keepAliveMs },
    emergencies: [...new Set(emergencies())].sort(),
    challenge,
  }
}

/** `udp:192.0.2.10:5060` → `sip:192.0.2.10:5060;transport=udp` */
function nodeUri(sip: string): string | null {
  const colon = sip.indexOf(':')
  return colon < 0 ? null : `sip:${sip.slice(colon + 1)};transport=${sip.slice(0, colon)}`
}

/** `sip:[2001:db8::7]:5060;transport=tcp` → `tcp 2001:db8::7:5060` */
function flowName(flow: string): string | null {
  const uri = parseUri(flow)
  if (uri?.kind !== 'sip') return null
  return `${uri.params.get('transport') ?? 'udp'} ${uri.host.replace(/^\[|\]$/g, '')}:${uri.port ?? 5060}`
}

/** `tcp 2001:db8::7:5060` → `sip:[2001:db8::7]:5060;transport=tcp` */
export function flowNamed(name: string): string {
  const [, transport = '', host = '', port = ''] = /^(\w+) (.+):(\d+)$/.exec(name) ?? []
  return sipUri({ host, port: Number(port), transport })
}
