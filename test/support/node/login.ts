import type { Phone, PhoneCall } from '../../../src/softphones/softphone.js'
import { pinOf } from './office.js'

/** Logs a user in by the dial code, as a person does: waits for the prompt, types the PIN, waits for the good-bye. */
export async function logIn(phone: Phone, extension: string, pin = pinOf(extension)): Promise<void> {
  const call = await dialAnswered(phone, `*77*${extension}*`)
  await hears(call)
  await call.audio.press(`${pin}#`)
  await call.ended
}

export async function logOut(phone: Phone): Promise<void> {
  const call = await dialAnswered(phone, '*77*5*')
  await call.ended
}

/** Dials and expects an answer. */
export async function dialAnswered(phone: Phone, number: string): Promise<PhoneCall> {
  const dialled = await (await phone.dial(number)).result
  if (dialled.outcome === 'failed') throw new Error(`${phone.device} dialled ${number}: ${dialled.answer.status} ${dialled.answer.reason}`)
  return dialled.call
}

/** Dials and expects a refusal; answers its status. */
export async function dialRefused(phone: Phone, number: string): Promise<number> {
  const dialled = await (await phone.dial(number)).result
  if (dialled.outcome === 'answered') throw new Error(`${phone.device} dialled ${number} and was answered`)
  return dialled.answer.status
}

/** Fails unless the far end is heard. */
export async function hears(call: PhoneCall, packets = 10): Promise<void> {
  if (!(await call.hears(packets)))
    throw new Error(`heard ${call.audio.heard.audible} packets with sound in ${call.audio.heard.packets}, expected ${packets}`)
}
