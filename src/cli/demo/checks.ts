import { toneClip } from '../../media/sound/clip.js'
import type { Phone, PhoneCall } from '../../softphones/softphones.js'
import type { DemoNetwork } from './demo-network.js'

/** A step that went wrong. */
export class Mismatch extends Error {
  readonly expected: string
  readonly seen: string

  constructor(expected: string, seen: string) {
    super(`expected ${expected}, saw ${seen}`)
    this.expected = expected
    this.seen = seen
  }
}

/** A fifth of a second of sound. */
const enoughPackets = 10

interface Conversation {
  readonly by: Phone
  readonly number: string
  readonly at: Phone
  /** The number that the callee sees. */
  readonly shown: string
}

/** One phone calls, the other answers, and each hears the other; returns what was seen. */
export async function converse(network: DemoNetwork, { by, number, at, shown }: Conversation): Promise<string> {
  const dialling = await by.dial(number)
  const incoming = await within(network, at.nextCall(), `${at.device} to ring`)
  if (incoming.callerNumber !== shown) throw new Mismatch(`caller ${shown}`, incoming.callerNumber)
  const callee = await incoming.answer()
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Mismatch('an answer', `${dialled.answer.status} ${dialled.answer.reason}`)
  const caller = dialled.call
  const voice = toneClip('voice', [{ hertz: [440], ms: 3_000 }])
  for (const call of [caller, callee]) call.audio.play([voice])
  await expectSound(caller, 'the callee')
  await expectSound(callee, 'the caller')
  await caller.hangUp()
  await within(network, callee.ended, 'BYE at the other side')
  const name = incoming.callerName === '' ? '' : `"${incoming.callerName}" `
  return `${at.device} sees ${name}${incoming.callerNumber}; ${caller.audio.heard.audible} and ${callee.audio.heard.audible} packets of sound`
}

export async function answered(phone: Phone, number: string): Promise<PhoneCall> {
  const dialled = await (await phone.dial(number)).result
  if (dialled.outcome === 'failed') throw new Mismatch(`an answer to ${number}`, `${dialled.answer.status} ${dialled.answer.reason}`)
  return dialled.call
}

export async function expectSound(call: PhoneCall, whose: string): Promise<void> {
  if (await call.hears(enoughPackets)) return
  const { packets, audible } = call.audio.heard
  throw new Mismatch(`to hear ${whose}`, `${packets} RTP packets, ${audible} of them with sound`)
}

/** The copy in memory follows Redis within milliseconds, on a busy machine within a second. */
export async function expectAssignment({ store, clock }: DemoNetwork, device: string, extension: string): Promise<void> {
  const assigned = (): string => store.replica.hash('devices')?.get(device) ?? 'nobody'
  if (assigned() === extension) return
  await new Promise<void>((resolve) => {
    const off = store.replica.onChange(() => assigned() === extension && settle())
    const alarm = clock.after(1_000, () => settle())
    function settle(): void {
      off()
      alarm.cancel()
      resolve()
    }
  })
  if (assigned() !== extension) throw new Mismatch(`${extension} at ${device} in Redis`, assigned())
}

export async function within<Value>({ clock }: DemoNetwork, wanted: Promise<Value>, what: string): Promise<Value> {
  let alarm = { cancel: (): void => undefined }
  const late = new Promise<never>((_, reject) => {
    alarm = clock.after(10_000, () => reject(new Mismatch(what, 'nothing within 10 s')))
  })
  try {
    return await Promise.race([wanted, late])
  } finally {
    alarm.cancel()
  }
}
