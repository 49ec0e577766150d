import { expect, vi } from 'vitest'
import type { TestNode } from '../node/node.js'
import { domain, passwordOf, pinOf } from '../node/office.js'
import { type Baresip, startBaresip } from './baresip.js'

/** A desk phone that somebody else wrote. */
export interface BaresipPhone {
  readonly device: string
  readonly baresip: Baresip
  register(protocol?: PhoneProtocol): Promise<void>
  unregister(): Promise<void>
  dial(number: string): Promise<void>
  /** The next call that rings: who calls, as its display shows it. */
  rings(): Promise<{ readonly name: string; readonly number: string }>
  answer(): Promise<void>
  hangUp(): Promise<void>
  hold(): Promise<void>
  resume(): Promise<void>
  /** RFC 4733 key presses. */
  press(keys: string): Promise<void>
  /** The next key that the far end has pressed. */
  pressed(): Promise<string>
  /** It rings at the far end. */
  heardRinging(): Promise<void>
  /** The call is up. */
  talks(): Promise<void>
  /** The call is over, or has never come about; answers why. */
  ends(): Promise<string>
  /** Resolves when the far end has been heard from now on. Not after a re-INVITE: baresip 1.0 then listens no more to how loud it is. */
  hears(): Promise<void>
  /** Resolves when more audio has come from now on, loud or not. */
  receives(): Promise<void>
  close(): Promise<void>
}

/** What it can register over. */
export type PhoneProtocol = 'udp' | 'tcp' | 'tls'

/** How baresip says that the far end has sent BYE or CANCEL. */
export const byFarEnd = 'Connection reset by peer'

/** Full scale is 0, silence below -90; speech and tones are louder than this. */
const audibleDb = -50

export async function openBaresipPhone(device: string, node: TestNode, watched: readonly string[] = []): Promise<BaresipPhone> {
  const baresip = await startBaresip(watched.map((number) => `sip:${number}@${domain}`))
  const aor = `sip:${device}@${domain}`
  const call = async (name: string, params?: string): Promise<void> => void (await baresip.command(name, params))

  /** The account is made anew each time: the menu of baresip 1.0 has no command that only registers. */
  async function attempt(protocol: PhoneProtocol): Promise<string> {
    const proxy = `sip:${node.address(protocol)};transport=${protocol}`
    const account = `<${aor}>;auth_user=${device};auth_pass=${passwordOf(device).reveal()};outbound="${proxy}";regint=3600`
    await call('uanew', account)
    return (await baresip.event('REGISTER_OK or _FAIL', ({ type }) => type.startsWith('REGISTER_'))).type
  }

  return {
    device,
    baresip,
    async register(protocol = 'udp') {
      // It gives up at a challenge by SHA-256: the first one it gets must be another.
      if ((await attempt(protocol)) !== 'REGISTER_OK') throw new Error(`${device} was not registered:\n${baresip.output()}`)
    },
    unregister: () => call('uadel', aor),
    dial: (number) => call('dial', number),
    async rings() {
      const { peeruri = '', peerdisplayname = '' } = await baresip.event('CALL_INCOMING')
      return { name: peerdisplayname, number: /^sip:([^@]*)@/.exec(peeruri)?.[1] ?? '' }
    },
    answer: () => call('accept'),
    hangUp: () => call('hangup'),
    hold: () => call('hold'),
    resume: () => call('resume'),
    async pressed() {
      return (await baresip.event('CALL_DTMF_START')).param ?? ''
    },
    async heardRinging() {
      await baresip.event('CALL_RINGING')
    },
    async press(keys) {
      for (const key of keys) await call('sndcode', key)
    },
    async talks() {
      await baresip.event('CALL_ESTABLISHED')
    },
    async ends() {
      return (await baresip.event('CALL_CLOSED')).param ?? ''
    },
    async hears() {
      await baresip.event('sound', ({ type, param }) => type === 'VU_RX_REPORT' && Number(param) > audibleDb)
    },
    async receives() {
      const before = await packets(baresip)
      await vi.waitFor(async () => expect(await packets(baresip)).toBeGreaterThan(before + 10), 20_000)
    },
    close: () => baresip.close(),
  }
}

/** RTP packets of the present call so far. */
async function packets(baresip: Baresip): Promise<number> {
  return Number(/rcvd=(\d+)/.exec(await baresip.command('audio_debug'))?.[1] ?? 0)
}

/** By the dial code: the prompt is heard, the PIN is pressed, and the far end hangs up. */
export async function logInAt(phone: BaresipPhone, extension: string): Promise<void> {
  await phone.dial(`*77*${extension}*`)
  await phone.talks()
  await phone.hears()
  await phone.press(`${pinOf(extension)}#`)
  expect(await phone.ends()).toBe(byFarEnd)
}

/** Both are in the call and hear each other. */
export async function bringTogether(caller: BaresipPhone, number: string, callee: BaresipPhone): Promise<void> {
  await caller.dial(number)
  await callee.rings()
  await caller.heardRinging()
  await callee.answer()
  await Promise.all([caller.talks(), callee.talks()])
  await Promise.all([caller.hears(), callee.hears()])
}
