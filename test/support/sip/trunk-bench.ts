import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { Secret } from '../../../src/base/secret.js'
import { type Dialplan, loadDialplan, type ReplaceablePlan, type Trunk } from '../../../src/dialplan/dialplan.js'
import { createTrunks, type Trunks, type TrunksNeeds } from '../../../src/trunks/trunks.js'
import { livePlan } from '../node/live-plan.js'
import { createManualClock, type ManualClock } from '../process/manual-clock.js'
import { createSipPort } from './registrar-bench.js'

const text = `
site: paris
elin: "+33199000000"
extensions: ["10X"]
outside: "0"
trunks:
  first:
    uri: sip:192.0.2.20:5060;transport=udp
    from: [192.0.2.20, "2001:DB8:0::20"]
    callerId: "+33199000000"
    username: paris
    password: carrier-secret
    ping: 30
  second:
    uri: sip:carrier.example;transport=tcp
    from: [198.51.100.7]
  third:
    uri: sip:127.0.0.1:5099
routes:
  - { match: "0ZXXXXXXXX", strip: 1, prepend: "+33", trunks: [first, second, third] }
dids:
  "+3319900010X": "10X"
`

/** The plan of `open`, with other trunks if `edit` changes its text. */
export function planOf(edit: (text: string) => string = (same) => same): Dialplan {
  return loadDialplan({ text: edit(text), file: 'paris.yaml', log: silentLogger() })
}

export const dialplan = planOf()

export function trunkNamed(name: string): Trunk {
  const trunk = dialplan.trunks.find((each) => each.name === name)
  if (!trunk) throw new Error(`no trunk ${name}`)
  return trunk
}

export const all: readonly Trunk[] = ['first', 'second', 'third'].map(trunkNamed)

/** The only node of its network. */
export const aloneInParis: Pick<TrunksNeeds, 'directory' | 'network'> = {
  directory: { nodes: () => [], sites: () => [], user: () => null, onNodeChange: () => () => undefined },
  network: { network: 'hd', node: 'paris-1' as NodeName, site: 'paris' as SiteName, secret: new Secret('a secret of the tests') },
}

export interface Bench {
  readonly trunks: Trunks
  readonly plan: ReplaceablePlan
  readonly clock: ManualClock
  readonly metrics: TrunksNeeds['metrics']
  /** Request-URIs of the OPTIONS that were sent. */
  readonly pings: readonly string[]
}

/** `statuses` answer the OPTIONS, one after the other; the last one for ever. `link`: our own SIP server is lost. */
export function open(statuses: readonly (number | 'link')[] = [200]): Bench {
  const plan = livePlan(dialplan)
  const clock = createManualClock(1_000)
  const metrics = createMetrics()
  const pings: string[] = []
  const { srf } = createSipPort((_method, uri) => {
    const next = statuses[Math.min(pings.push(uri), statuses.length) - 1] ?? 200
    const plain = { reason: '', header: () => '', body: '' }
    if (next === 'link') return Promise.resolve({ ...plain, status: 503, madeHere: 'link' })
    return Promise.resolve({ ...plain, status: next, ...(next === 408 && { madeHere: 'server' }) })
  })
  return {
    trunks: createTrunks({
      srf,
      plan,
      ...aloneInParis,
      store: { clock: { ...clock, aheadMs: 0 } },
      clock,
      log: silentLogger(),
      metrics,
    }),
    plan,
    clock,
    metrics,
    pings,
  }
}
