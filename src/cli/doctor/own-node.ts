import { systemClock } from '../../base/clock.js'
import { lifeOf } from '../../base/host/process-identity.js'
import { readRunFile } from '../../base/host/run-file.js'
import { printHostPort } from '../../base/host-port.js'
import { localTarget } from '../../base/ip-address.js'
import type { Config } from '../../config/config.js'
import { type Finding, findingsAbout } from './finding.js'

/** Whether the node of this configuration runs on this machine; found without Redis. */
export type OwnNode =
  /** `http` is null if it does not answer. */
  | { readonly state: 'runs'; readonly process: string; readonly http: string | null }
  /** It ran with this data folder in another container or on another machine, and may still run there. */
  | { readonly state: 'unknown' }
  | { readonly state: 'stopped' }

interface Identity {
  readonly node?: unknown
  readonly network?: unknown
  readonly process?: unknown
}

const askWithinMs = 1_000

/** Asks its HTTP port, which works across users and containers, then reads the run file in `data`. */
export async function findOwnNode({ node, network, http, data }: Pick<Config, 'node' | 'network' | 'http' | 'data'>): Promise<OwnNode> {
  const left = readRunFile(data)
  const run = left?.node === node && left.network === network ? left : null
  for (const url of new Set([
    ...(run ? [run.http] : []),
    ...(http.port === 0 ? [] : [`http://${printHostPort(localTarget(http.address), http.port)}`]),
  ])) {
    const found = (await ask(url, '/healthz')) as Identity | null
    if (found?.node === node && found.network === network) return { state: 'runs', process: String(found.process), http: url }
  }
  const life = run ? lifeOf(run.process) : 'gone'
  if (run && life === 'alive') return { state: 'runs', process: run.process, http: null }
  return { state: life === 'unknown' ? 'unknown' : 'stopped' }
}

/** JSON from the node; null if nothing answers, or another program. */
async function ask(url: string, path: string): Promise<unknown> {
  const late = new AbortController()
  const alarm = systemClock.after(askWithinMs, () => late.abort())
  try {
    return await (await fetch(`${url}${path}`, { signal: late.signal })).json()
  } catch {
    // Another program, or nothing.
    return null
  } finally {
    alarm.cancel()
  }
}

/** The process id within a process identity: `5f2c0a1e.4026531836.812.90417`. */
export function processId(identity: string): string {
  return identity.split('.')[2] ?? identity
}

/** What the running node reports about itself. */
export async function ownFindings(own: OwnNode, { node }: Pick<Config, 'node'>): Promise<readonly Finding[]> {
  const { good, mind, wrong } = findingsAbout('node')
  if (own.state === 'unknown')
    return [mind(`${node} ran with this data folder in another container or on another machine`, 'run hotdesk doctor there')]
  if (own.state === 'stopped') return []
  const name = `${node} runs (process ${processId(own.process)})`
  if (own.http === null) return [wrong(`${name}, but its HTTP port does not answer`, 'see its log; restart it when no call is in progress')]
  const answer = (await ask(own.http, '/readyz')) as { readonly reasons?: readonly string[]; readonly warnings?: readonly string[] } | null
  const reasons = (answer?.reasons ?? []).map((reason) => wrong(reason, todoFor(reason)))
  const warnings = (answer?.warnings ?? []).map((warning) =>
    isOfTrunks(warning) ? wrong(warning, todoFor(warning)) : mind(warning, todoFor(warning)),
  )
  return [good(name), ...reasons, ...warnings]
}

function isOfTrunks(warning: string): boolean {
  return /^(no trunk|trunk )/.test(warning)
}

function todoFor(text: string): string {
  if (text.startsWith('no trunk for emergency calls: the dial plan'))
    return 'set the address of your carrier in the dial plan, and delete `enabled: no`'
  if (/^trunk \S+ is not registered /.test(text))
    return 'correct the account of the trunk in the dial plan, or call the carrier; the node keeps trying to register'
  if (isOfTrunks(text)) return 'call the carrier, or see its address and credentials in the dial plan; a call that succeeds ends this'
  if (/lost (users|phones|logins|all|\d)|Restore them/.test(text)) return 'hotdesk redis restore <the saved copy>, or hotdesk redis accept'
  if (text.startsWith('the node is draining')) return 'hotdesk undrain, unless it is to end'
  if (/^webhook .* has accepted no event/.test(text)) return 'see whether the receiver runs and responds 2xx at the URL of the webhook'
  if (/^webhook .*: there is no event/.test(text))
    return 'correct `events` of the webhook, then restart the node; src/cli/README.md lists the events'
  if (text.startsWith('Redis')) return 'see the findings about redis below'
  return 'see the log of the node'
}
