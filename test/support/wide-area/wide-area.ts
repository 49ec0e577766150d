import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { NodeHost } from '../node/node.js'
import { startChild } from '../process/child.js'
import { uniqueWord } from '../process/unique-word.js'

const run = promisify(execFile)

/** Sites in network namespaces of their own, joined by a wide-area network that delays, loses and can be cut. */
export interface WideArea<Site extends string> {
  /** A host of the site, from 1. */
  host(site: Site, number: number): NodeHost
  /** No packet leaves the site or reaches it. */
  cut(site: Site): Promise<void>
  heal(site: Site): Promise<void>
  close(): Promise<void>
}

/** Opens something in the area, or closes the area if that fails: its namespaces would outlive the run. */
export async function openInside<Opened>(area: { close(): Promise<void> }, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open()
  } catch (fault) {
    await area.close()
    throw fault
  }
}

export interface WideAreaParts<Site extends string> {
  /** The sites, and how many hosts each has. */
  readonly sites: Readonly<Record<Site, number>>
  /** One way. */
  readonly delayMs: number
  /** 0 to 1 */
  readonly loss: number
}

/** RFC 5737, RFC 2544: these addresses are nobody's. */
const networks = ['192.0.2', '198.51.100', '203.0.113', '198.18.0']

export async function openWideArea<Site extends string>({ sites, delayMs, loss }: WideAreaParts<Site>): Promise<WideArea<Site>> {
  const word = uniqueWord().slice(0, 8)
  const names = Object.keys(sites) as Site[]
  const namespaceOf = (site: Site): string => `hotdesk-${word}-${site}`
  const networkOf = (site: Site): string => networks[names.indexOf(site)] ?? ''
  const address = (site: Site, host: number): string => `${networkOf(site)}.${host}`
  const namespaces: string[] = []
  const close = async (): Promise<void> => {
    await network?.close()
    for (const namespace of namespaces.splice(0)) await run('ip', ['netns', 'del', namespace])
  }
  let network: Network | null = null

  async function build(): Promise<Network> {
    for (const site of names) {
      await run('ip', ['netns', 'add', namespaceOf(site)])
      namespaces.push(namespaceOf(site))
    }
    network = startNetwork({
      delayMs,
      loss,
      namespaces: Object.fromEntries(names.map((site) => [site, namespaceOf(site)])),
      networks: Object.fromEntries(names.map((site) => [site, networkOf(site)])),
    })
    await network.nextLine()
    for (const site of names) {
      const inside = (...words: string[]) => run('ip', ['-n', namespaceOf(site), ...words])
      await inside('link', 'set', 'lo', 'up')
      for (let host = 1; host <= sites[site]; host += 1) await inside('addr', 'add', `${address(site, host)}/32`, 'dev', 'lo')
      await inside('link', 'set', 'wan', 'up')
      await inside('route', 'add', 'default', 'dev', 'wan', 'src', address(site, 1))
    }
    return network
  }

  const { command } = await openInside({ close }, build)
  return {
    host: (site, number) => ({
      address: address(site, number),
      run: (program, args) => ['ip', ['netns', 'exec', namespaceOf(site), program, ...args]],
    }),
    cut: (site) => command(`cut ${site}`),
    heal: (site) => command(`heal ${site}`),
    close,
  }
}

/** The program that carries the packets. */
interface Network {
  /** Rejects if the program has ended. */
  nextLine(): Promise<void>
  command(words: string): Promise<void>
  close(): Promise<void>
}

interface NetworkParts extends Pick<WideAreaParts<string>, 'delayMs' | 'loss'> {
  readonly namespaces: Readonly<Record<string, string>>
  readonly networks: Readonly<Record<string, string>>
}

function startNetwork(parts: NetworkParts): Network {
  const wan = startChild('python3', [join(import.meta.dirname, 'wan.py'), JSON.stringify(parts)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise<void>((resolve) => wan.once('exit', () => resolve()))
  const lines = createInterface({ input: wan.stdout as NodeJS.ReadableStream })
  const nextLine = (): Promise<void> =>
    Promise.race([
      new Promise<void>((resolve) => lines.once('line', () => resolve())),
      gone.then(() => Promise.reject(new Error('wan.py has ended'))),
    ])
  return {
    nextLine,
    async command(words) {
      const done = nextLine()
      wan.stdin?.write(`${words}\n`)
      await done
    },
    async close() {
      wan.stdin?.end()
      await gone
    },
  }
}
