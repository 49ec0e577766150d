import { samples } from '../../directory/directory.js'
import { answered, converse, expectAssignment, expectSound, Mismatch, within } from './checks.js'
import type { DemoDevice, DemoNetwork } from './demo-network.js'

/** One step of the demonstration; `play` returns what was seen, or throws a Mismatch. */
export interface Step {
  readonly title: string
  play(network: DemoNetwork): Promise<string>
}

const elsewhere = 'HD0003' satisfies DemoDevice
const idle = 'HD0002' satisfies DemoDevice
/** A number that the trunk of London reaches. */
const londoner = '+442079460999'

/** The main job in order; each step depends on those before it. */
export const steps: readonly Step[] = [
  { title: 'four phones register, two at each site', play: registerAll },
  { title: 'HD0001 dials *77*100* and types the PIN: it is Alice’s phone', play: (network) => login(network, 'HD0001', '100') },
  { title: 'Bob logs in at the other site', play: (network) => login(network, elsewhere, '101') },
  { title: 'Bob calls 100 across the sites; each hears the other', play: callsAcross },
  { title: 'a call to Bob’s direct number in Paris rings in London', play: ringsElsewhere },
  { title: 'Bob calls outside: over the trunk of London, with a number of London', play: dialsAsThere },
  { title: 'Alice, in Paris, dials *68*london*…: her call takes London’s trunk', play: breaksOut },
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
  const incoming = await within(network, network.outside('paris', '112').nextCall(), 'a call at the emergency centre')
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

function callsAcross(network: DemoNetwork): Promise<string> {
  return converse(network, { by: network.phone(elsewhere), number: '100', at: network.phone('HD0001'), shown: '101' })
}

/** S12 of the product: the number follows the user. */
function ringsElsewhere(network: DemoNetwork): Promise<string> {
  const caller = network.outside('paris', '+33612345678')
  return converse(network, { by: caller, number: '+33140000101', at: network.phone(elsewhere), shown: '+33612345678' })
}

/** S13: the site where the user sits has its own trunk and numbers. */
function dialsAsThere(network: DemoNetwork): Promise<string> {
  const callee = network.outside('london', londoner)
  return converse(network, { by: network.phone(elsewhere), number: '002079460999', at: callee, shown: '+442079460101' })
}

/** S17 */
function breaksOut(network: DemoNetwork): Promise<string> {
  const callee = network.outside('london', londoner)
  return converse(network, { by: network.phone('HD0001'), number: '*68*london*002079460999', at: callee, shown: '+442079460100' })
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
