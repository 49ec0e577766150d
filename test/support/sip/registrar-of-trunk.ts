import { createEmitter } from '../../../src/base/emitter.js'
import type { NodeName, SiteName } from '../../../src/base/identity.js'
import { silentLogger } from '../../../src/base/logger.js'
import { createMetrics } from '../../../src/base/metrics.js'
import { type Dialplan, loadDialplan, type Trunk } from '../../../src/dialplan/dialplan.js'
import type { LiveNode } from '../../../src/directory/directory.js'
import type { OutgoingParts, SipHeaders, SipReply, SipSource } from '../../../src/srf/srf.js'
import { createTrunks, type Trunks } from '../../../src/trunks/trunks.js'
import { livePlan } from '../node/live-plan.js'
import { createManualClock, type ManualClock } from '../process/manual-clock.js'
import { createSipPort } from './registrar-bench.js'
import { aloneInParis } from './trunk-bench.js'

/** A REGISTER that was sent. */
export interface SentRegister {
  readonly uri: string
  readonly via: string | undefined
  header(name: string): string
  /** Responds to it. */
  answer(status: number, headers?: Readonly<Record<string, string>>): Promise<void>
  /** No response: our SIP server has timed out, or is lost. */
  fails(where: 'server' | 'link'): Promise<void>
}

export interface RegistrarStage {
  readonly trunks: Trunks
  readonly plan: Dialplan
  /** Reloads the dial plan, with these keys of the trunk. */
  reload(keys: string): Promise<void>
  readonly carrier: Trunk
  readonly clock: ManualClock
  readonly metrics: ReturnType<typeof createMetrics>
  /** The latest REGISTER that has no response; fails if there is none. */
  waiting(): SentRegister
  /** Number of REGISTER requests without a response. */
  readonly open: number
  /** These nodes of Paris are alive; `paris-2 draining` is one that is draining, `paris-2 earlier` one of an earlier version. */
  alive(...names: readonly string[]): Promise<void>
  reconnected(): Promise<void>
}

export const registrarSource: SipSource = { protocol: 'udp', address: '198.51.100.9', port: 5060 }

/** A trunk with an account at the carrier; a later key replaces an earlier one. */
function planText(keys: string): string {
  const account = ', username: paris, password: carrier-secret, register: yes'
  return `
site: paris
extensions: ["10X"]
trunks:
  carrier: { uri: "sip:carrier.example", callerId: "+33199000000"${keys.includes('register:') ? keys : account + keys} }
  other: { uri: "sip:192.0.2.30" }
dids: { "+3319900010X": "10X", "+33199000000": "100" }
`
}

/** A node with one trunk that it registers at; the test plays the registrar. Chance is always 0. */
export function openRegistrarStage(keys = ''): RegistrarStage {
  const clock = createManualClock(1_000)
  const metrics = createMetrics()
  const sent: SentRegister[] = []
  const changed = createEmitter<[]>(rethrow)
  const connected = createEmitter<[]>(rethrow)
  let nodes: readonly LiveNode[] = []
  const { srf } = createSipPort((_method, uri, parts) => new Promise((done) => sent.push(sentRegister(uri, parts, done))))
  const log = silentLogger()
  const dialplan = loadDialplan({ text: planText(keys), file: 'paris.yaml', log })
  const plan = livePlan(dialplan)
  const trunks = createTrunks({
    srf: { ...srf, onReconnected: connected.on },
    plan,
    ...aloneInParis,
    directory: {
      nodes: () => nodes,
      sites: () => [],
      user: () => null,
      onNodeChange: (listener) => changed.on(() => listener(aloneInParis.network.node)),
    },
    store: { clock: { ...clock, aheadMs: 0 } },
    clock,
    log,
    metrics,
    random: () => 0,
  })
  const [carrier] = dialplan.trunks
  if (!carrier) throw new Error('no trunk')
  return {
    trunks,
    plan: dialplan,
    async reload(changed) {
      plan.replace(loadDialplan({ text: planText(changed), file: 'paris.yaml', log }))
      await settled()
    },
    carrier,
    clock,
    metrics,
    waiting() {
      const found = sent.shift()
      if (!found || sent.length > 0) throw new Error(`${found ? sent.length + 1 : 0} REGISTER requests wait`)
      return found
    },
    get open() {
      return sent.length
    },
    async alive(...names) {
      nodes = names.map((words) => {
        const [name, state] = words.split(' ')
        const takes = state === 'earlier' ? [] : ['registrations' as const]
        return {
          name: name as NodeName,
          site: 'paris' as SiteName,
          isDraining: state === 'draining',
          takes: takes as LiveNode['takes'],
        } as LiveNode
      })
      changed.emit()
      await settled()
    },
    async reconnected() {
      connected.emit()
      await settled()
    },
  }
}

function sentRegister(uri: string, { headers = {}, via }: OutgoingParts = {}, done: (reply: SipReply) => void): SentRegister {
  const reply = (status: number, given: Readonly<Record<string, string>>): SipReply => ({
    status,
    reason: 'Reason',
    header: (name) => (name === 'CSeq' ? textOf(headers, 'CSeq') : (given[name] ?? '')),
    body: '',
  })
  return {
    uri,
    via,
    header: (name) => textOf(headers, name),
    answer(status, given = {}) {
      done({ ...reply(status, given), source: registrarSource })
      return settled()
    },
    fails(madeHere) {
      done({ ...reply(madeHere === 'link' ? 503 : 408, {}), header: () => '', madeHere })
      return settled()
    },
  }
}

function textOf(headers: SipHeaders, name: string): string {
  return [headers[name] ?? ''].flat().join(', ')
}

/** What follows from a response has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

function rethrow(fault: unknown): never {
  throw fault
}

/** `sip:trunk-…@localhost`, as our Contact stands in a REGISTER. */
export function contactIn(register: SentRegister): string {
  return /<([^>]+)>/.exec(register.header('Contact'))?.[1] ?? ''
}

export async function isRegistered({ metrics }: RegistrarStage): Promise<number | undefined> {
  const { values } = await metrics.trunkRegistered.get()
  return values.find(({ labels }) => labels.trunk === 'carrier')?.value
}

/** The registrar has granted this many seconds. */
export async function registered(keys = '', granted = 600): Promise<RegistrarStage> {
  const stage = openRegistrarStage(keys)
  const register = stage.waiting()
  await register.answer(200, { Contact: `<${contactIn(register)}>;expires=${granted}` })
  return stage
}
