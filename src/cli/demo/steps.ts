import { samples } from '../../directory/directory.js'
import { toneClip } from '../../media/sound/clip.js'
import type { Phone, PhoneCall } from '../../softphones/softphones.js'
import type { DemoDevice, DemoNetwork } from './demo-network.js'

/** One step of the demonstration; `play` returns what was seen, or throws a Mismatch. */
export interface Step {
  readonly title: string
  play(network: DemoNetwork): Promise<string>
}

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
const elsewhere = 'HD0003' satisfies DemoDevice
const idle = 'HD0002' satisfies DemoDevice

/** The main job in order; each step depends on those before it. */
export const steps: readonly Step[] = [
  { title: 'four phones register, two at each site', play: registerAll },
  { title: 'HD0001 dials *77*100* and types the PIN: it is Alice’s phone', play: (network) => login(network, 'HD0001', '100') },
  { title: 'Bob logs in at the other site', play: (network) => login(network, elsewhere, '101') },
  { title: 'Bob calls 100 across the sites; each hears the other', play: callsAcross },
  { title: 'Chloé takes HD0001 over, without a logout in between', play: roams },
  { title: 'a call to 100 is refused: Alice is not logged in', play: findsNobody },
  { title: 'idle HD0002 is refused an outside number', play: refusedOutside },
  { title: 'idle HD0002 reaches the emergency number', play: reachesEmergency },
  { title: 'HD0001 dials *77*5* and is free again', play: logsOut },
]

async function registerAll(network: DemoNetwork): Promise<string> {
  for (const { id } of samples.devices) {
    const answer = await network.phone(id).register()
    if (answer.status !== 200) throw new Mismatch(`200 for ${id}`, `${answer.status} ${answer.reason}`)
  }
  return `${samples.devices.length} × 200 OK by digest`
}

async function refusedOutside(network: DemoNetwork): Promise<string> {
  const dialled = await (await network.phone(idle).dial('0123456789')).result
  if (dialled.outcome === 'answered') throw new Mismatch('480', 'the call was answered')
  if (dialled.answer.status !== 480) throw new Mismatch('480', `${dialled.answer.status} ${dialled.answer.reason}`)
  return `480 ${dialled.answer.reason}, after an announcement`
}

async function reachesEmergency(network: DemoNetwork): Promise<string> {
  const dialling = await network.phone(idle).dial('112')
  const incoming = await within(network, network.emergencyCentre.nextCall(), 'a call at the emergency centre')
  const centre = await incoming.answer()
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Mismatch('an answer', `${dialled.answer.status} ${dialled.answer.reason}`)
  await dialled.call.hangUp()
  await centre.ended
  const elin = samples.devices.find(({ id }) => id === idle)?.elin ?? ''
  if (incoming.callerNumber !== elin) throw new Mismatch(`the phone’s own number ${elin}`, incoming.callerNumber)
  return `answered; the centre sees ${incoming.callerNumber}, the number of this desk`
}

async function login(network: DemoNetwork, device: DemoDevice, extension: string): Promise<string> {
  const user = samples.users.find((each) => each.extension === extension)
  const call = await answered(network.phone(device), `*77*${extension}*`)
  await expectSound(call, 'the prompt')
  await call.audio.press(`${user?.pin}#`)
  const typed = network.clock.now()
  await expectSound(call, 'the confirmation')
  await expectAssignment(network, device, extension)
  const seconds = ((network.clock.now() - typed) / 1000).toFixed(1)
  await within(network, call.ended, 'the end of the call')
  const refresh = await within(network, network.phone(device).nextNotify(), 'NOTIFY check-sync')
  return `prompt heard, PIN taken, confirmed in ${seconds} s; Redis: ${device} → ${extension}; ${refresh}`
}

async function callsAcross(network: DemoNetwork): Promise<string> {
  const dialling = await network.phone(elsewhere).dial('100')
  const incoming = await within(network, network.phone('HD0001').nextCall(), 'HD0001 to ring')
  if (incoming.callerNumber !== '101') throw new Mismatch('caller 101', incoming.callerNumber)
  const callee = await incoming.answer()
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Mismatch('an answer', `${dialled.answer.status} ${dialled.answer.reason}`)
  const caller = dialled.call
  const voice = toneClip('voice', [{ hertz: [440], ms: 3_000 }])
  for (const call of [caller, callee]) call.audio.play([voice])
  await expectSound(caller, 'Alice')
  await expectSound(callee, 'Bob')
  await caller.hangUp()
  await within(network, callee.ended, 'BYE at the other side')
  return `"${incoming.callerName}" ${incoming.callerNumber} shown; ${caller.audio.heard.audible} and ${callee.audio.heard.audible} packets of sound heard`
}

async function roams(network: DemoNetwork): Promise<string> {
  const seen = await login(network, 'HD0001', '102')
  const alice = network.store.replica.hash('users')?.get('100')
  if (alice !== undefined) throw new Mismatch('100 at no phone', `100 at ${alice}`)
  return seen
}

async function findsNobody(network: DemoNetwork): Promise<string> {
  const dialled = await (await network.phone(elsewhere).dial('100')).result
  if (dialled.outcome === 'answered') throw new Mismatch('480', 'the call was answered')
  if (dialled.answer.status !== 480) throw new Mismatch('480', `${dialled.answer.status} ${dialled.answer.reason}`)
  return `480 ${dialled.answer.reason}`
}

async function logsOut(network: DemoNetwork): Promise<string> {
  const call = await answered(network.phone('HD0001'), '*77*5*')
  await expectSound(call, 'the confirmation')
  await within(network, call.ended, 'the end of the call')
  const assigned = network.store.replica.hash('devices')?.get('HD0001')
  if (assigned !== undefined) throw new Mismatch('HD0001 to be free', assigned)
  return 'confirmed; Redis: HD0001 is free'
}

async function answered(phone: Phone, number: string): Promise<PhoneCall> {
  const dialled = await (await phone.dial(number)).result
  if (dialled.outcome === 'failed') throw new Mismatch(`an answer to ${number}`, `${dialled.answer.status} ${dialled.answer.reason}`)
  return dialled.call
}

async function expectSound(call: PhoneCall, whose: string): Promise<void> {
  if (await call.hears(enoughPackets)) return
  const { packets, audible } = call.audio.heard
  throw new Mismatch(`to hear ${whose}`, `${packets} RTP packets, ${audible} of them with sound`)
}

/** The copy in memory follows Redis within milliseconds, on a busy machine within a second. */
async function expectAssignment({ store, clock }: DemoNetwork, device: string, extension: string): Promise<void> {
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

async function within<Value>({ clock }: DemoNetwork, wanted: Promise<Value>, what: string): Promise<Value> {
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
