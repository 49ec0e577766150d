import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pause, systemClock } from '../../../src/base/clock.js'
import { freePort } from '../net/free-port.js'
import { endOf, startChild } from '../process/child.js'
import { temporaryFolder } from '../process/temporary-folder.js'
import { openUdpPeer } from '../sip/sip-peer.js'

/** Kamailio as the border proxy in front of a node. */
export interface Kamailio {
  readonly port: number
  /** `127.0.0.1:15060` */
  readonly address: string
  output(): string
  close(): Promise<void>
}

/** Starts it with a configuration of `test/fixtures/kamailio`; it sends what phones send on to that node. */
export async function startKamailio(name: string, node: string): Promise<Kamailio> {
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const folder = temporaryFolder('kamailio')
  const words: Readonly<Record<string, string>> = { address, node, nodePort: node.split(':').at(-1) ?? '' }
  const text = await readFile(resolve(import.meta.dirname, `../../fixtures/kamailio/${name}.cfg`), 'utf8')
  const file = `${folder}/kamailio.cfg`
  await writeFile(
    file,
    text.replace(/\{\{(\w+)\}\}/g, (_, word: string) => words[word] ?? ''),
  )
  const child = startChild('kamailio', ['-DD', '-E', '-f', file, '-Y', folder, '-m', '32', '-M', '4'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const ended = endOf(child)
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  if (await answers(port, () => child.exitCode !== null)) return { port, address, output: () => output, close }
  await close()
  throw new Error(`Kamailio does not answer:\n${output}`)
}

/** Asks until it answers. */
async function answers(port: number, hasEnded: () => boolean): Promise<boolean> {
  const peer = await openUdpPeer({ port })
  try {
    for (let tries = 0; tries < 50 && !hasEnded(); tries++) {
      peer.send(peer.request({ method: 'OPTIONS' }))
      await pause(systemClock, 200)
      if (peer.untaken.includes('200 OPTIONS')) return true
    }
    return false
  } finally {
    await peer.close()
  }
}
