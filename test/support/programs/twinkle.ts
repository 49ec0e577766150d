import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/base/clock.js'
import { freePort } from '../net/free-port.js'
import { readConsole } from '../node/console-reader.js'
import type { TestNode } from '../node/node.js'
import { domain, passwordOf } from '../node/office.js'
import { endOf, startChild } from '../process/child.js'
import { removeFolder } from '../process/remove-folder.js'

/** A softphone that somebody else wrote: Twinkle at its console, with a sound device that is none. */
export interface Twinkle {
  /** One line at its prompt: `call 100`, `answer`, `bye`, `dtmf 5`. */
  say(command: string): void
  prints(what: RegExp): Promise<string>
  /** Everything it has printed. */
  output(): string
  close(): Promise<void>
}

/** Registers at once. */
export async function startTwinkle(device: string, node: TestNode): Promise<Twinkle> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-twinkle-'))
  await mkdir(join(directory, '.twinkle'))
  const files = await filesFor(device, node)
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)))
  const child = startChild('twinkle-console', ['phone.cfg'], {
    env: { PATH: process.env.PATH, HOME: directory },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = endOf(child).then(() => removeFolder(directory))
  exited.catch(() => undefined)
  const reader = readConsole(child, 'twinkle')
  const say = (command: string): void => void child.stdin?.write(`${command}\n`)
  return {
    say,
    prints: reader.next,
    output: reader.text,
    async close() {
      say('quit')
      const late = systemClock.after(5_000, () => child.kill('SIGKILL'))
      await exited
      late.cancel()
    },
  }
}

async function filesFor(device: string, node: TestNode): Promise<Record<string, string>> {
  const [sip, rtp] = [await freePort(), await freePort()]
  const sound = ['ringtone', 'speaker', 'mic'].map((use) => `dev_${use}=alsa:default`)
  const system = [`sip_udp_port=${sip}`, `sip_tcp_port=${sip}`, `rtp_port=${rtp - (rtp % 2)}`, ...sound]
  const account = {
    user_name: device,
    user_domain: domain,
    auth_realm: domain,
    auth_name: device,
    auth_pass: passwordOf(device).reveal(),
    outbound_proxy: node.udp,
    all_requests_to_proxy: 'yes',
    registrar: node.udp,
    register_at_startup: 'yes',
    sip_transport: 'udp',
    codecs: 'g711u,g711a',
  }
  return {
    '.asoundrc': 'pcm.!default { type null }\nctl.!default { type null }\n',
    '.twinkle/twinkle.sys': `${system.join('\n')}\n`,
    '.twinkle/phone.cfg': Object.entries(account)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  }
}
