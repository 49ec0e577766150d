import { every, systemClock } from '../../../src/base/clock.js'
import type { Phone, PhoneCall } from '../../../src/softphones/softphone.js'

/** Both sides of a call that stands. */
export interface Conversation {
  readonly caller: PhoneCall
  readonly callee: PhoneCall
}

/** One phone dials, the other answers. */
export async function converse(by: Phone, number: string, at: Phone): Promise<Conversation> {
  const dialling = await by.dial(number)
  const ringing = at.nextCall()
  const refused = dialling.result.then((dialled) => {
    if (dialled.outcome === 'failed') throw new Error(`${by.device} dialled ${number}: ${dialled.answer.status} ${dialled.answer.reason}`)
  })
  await Promise.race([ringing, refused])
  const callee = await (await ringing).answer()
  const dialled = await dialling.result
  if (dialled.outcome === 'failed') throw new Error(`${by.device} dialled ${number}: ${dialled.answer.status} ${dialled.answer.reason}`)
  return { caller: dialled.call, callee }
}

/** Sound passes in both directions: each side hears a key that the other presses. */
export async function expectSound({ caller, callee }: Conversation): Promise<void> {
  await Promise.all([keyPasses(caller, callee, '4'), keyPasses(callee, caller, '7')])
}

export async function hangUp({ caller, callee }: Conversation): Promise<void> {
  await caller.hangUp()
  await callee.ended
}

/** Fails unless the call still stands on both sides and sound passes. */
export async function expectUndisturbed(conversation: Conversation): Promise<void> {
  const { caller, callee } = conversation
  if (caller.dialog.ended || callee.dialog.ended) throw new Error('the call has ended')
  await expectSound(conversation)
}

function keyPasses(from: PhoneCall, to: PhoneCall, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const press = (): Promise<void> => from.audio.press(key)
    // The other side may be about to learn where the far end is now.
    const again = every(systemClock, 1_000, press, () => undefined)
    const late = systemClock.after(10_000, () => {
      again.cancel()
      reject(new Error(`the key ${key} was not heard`))
    })
    const off = to.audio.onKeyPress((heard) => {
      if (heard !== key) return
      off()
      late.cancel()
      again.cancel()
      resolve()
    })
    void press()
  })
}
