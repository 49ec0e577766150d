import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import { freePort } from '../net/free-port.js'
import { readConsole } from '../node/console-reader.js'
import type { TestNode } from '../node/node.js'
import { domain, passwordOf } from '../node/office.js'
import { endOf, startChild } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'

/** A third-party softphone: linphonec, without loudspeaker and microphone. */
export interface Linphone {
  /** Types a line at its prompt: `call 100`, `answer`. Digits in a call are key presses; linphonec sends one per second and reads nothing meanwhile. */
  say(command: string): void
  /** Resolves with the next output that matches. Each output is taken once. */
  prints(what: RegExp): Promise<string>
  /** Everything it has printed. */
  output(): string
  /** Resolves when it has received sound since this call. */
  hears(): Promise<void>
  /** Un-registers. Resolves when linphonec has read the response: before, it ignores `register`. */
  unregister(): Promise<void>
  close(): Promise<void>
}

/** The sound that it sends in its calls. */
const spoken = join(import.meta.dirname, '../../../prompts/en/ask-pin.wav')

const poll = { interval: 100, timeout: 20_000 }

/** Samples of sound that are enough to have heard the far end: 125 ms. */
const enoughSamples = 1_000

/** Registers at once, and watches these extensions. */
export async function startLinphone(device: string, node: TestNode, watched: readonly string[] = []): Promise<Linphone> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-linphone-'))
  // Without the folder of its database it does not start.
  await mkdir(join(directory, '.local/share/linphone'), { recursive: true })
  const settings = join(directory, 'linphonerc')
  await writeFile(settings, await settingsFor(device, node, watched))
  const child = startChild('linphonec', ['-c', settings, '-d', '0'], {
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = endOf(child).then(() => removeFolder(directory))
  exited.catch(() => undefined)
  const reader = readConsole(child, 'linphonec')
  const recording = join(directory, 'heard.wav')
  const say = (command: string): void => void child.stdin?.write(`${command}\n`)
  say('soundcard use files')
  say(`play ${spoken}`)
  say(`record ${recording}`)
  const heard = async (): Promise<number> => audible(await readFile(recording).catch(() => Buffer.alloc(0)))

  return {
    say,
    prints: reader.next,
    output: reader.text,
    async hears() {
      const before = await heard()
      await expect.poll(heard, poll).toBeGreaterThan(before + enoughSamples)
    },
    async unregister() {
      say('unregister')
      const before = reader.text().length
      const status = (): string => {
        say('status register')
        return reader.text().slice(before)
      }
      await expect.poll(status, poll).toContain('registered=0')
    },
    async close() {
      say('quit')
      const late = systemClock.after(3_000, () => child.kill('SIGKILL'))
      await exited
      late.cancel()
    },
  }
}

async function settingsFor(device: string, node: TestNode, watched: readonly string[]): Promise<string> {
  const proxy = `<sip:${node.udp};transport=udp;lr>`
  const sections = {
    // A message of more codecs does not fit into a datagram.
    audio_codec_0: { mime: 'PCMU', rate: 8000, channels: 1, enabled: 1 },
    audio_codec_1: { mime: 'PCMA', rate: 8000, channels: 1, enabled: 1 },
    sip: {
      sip_port: await freePort(),
      sip_tcp_port: 0,
      sip_tls_port: 0,
      default_proxy: 0,
      use_ipv6: 0,
      guess_hostname: 0,
      media_encryption: 'none',
    },
    rtp: { audio_rtp_port: await freePort() },
    net: { firewall_policy: 0 },
    video: { enabled: 0, capture: 0, display: 0 },
    auth_info_0: { username: device, passwd: passwordOf(device).reveal(), realm: domain, domain },
    proxy_0: {
      reg_proxy: proxy,
      reg_route: proxy,
      reg_identity: `sip:${device}@${domain}`,
      reg_expires: 3600,
      reg_sendregister: 1,
      publish: 0,
    },
  }
  const friends = watched.map(
    (number, index) => [`friend_${index}`, { url: `sip:${number}@${domain}`, pol: 'accept', subscribe: 1 }] as const,
  )
  return [...Object.entries(sections), ...friends]
    .map(([name, values]) => [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key}=${value}`), ''].join('\n'))
    .join('\n')
}

/** Counts the samples above -40 dBFS in a 16-bit WAV file. */
function audible(wav: Buffer): number {
  let count = 0
  for (let at = 44; at + 1 < wav.length; at += 2) if (Math.abs(wav.readInt16LE(at)) > 328) count += 1
  return count
}
