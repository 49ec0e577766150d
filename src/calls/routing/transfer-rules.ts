import type { Knowledge, QuestionOf, Ruling } from './contract.js'
import { emergencyOf } from './number-rules.js'

/**
 * The emergency centre would get the location of the phone that transfers, and speak with somebody who may be elsewhere. So the user dials the
 * number; the call that was to be transferred goes on meanwhile.
 */
export function emergency({ digits, by }: QuestionOf<'transferred'>, knowledge: Knowledge): Ruling {
  const to = emergencyOf(digits, () => by.user, knowledge)
  if (to === null) return { words: `it is not an emergency number of ${knowledge.dialplan.site}` }
  return {
    words: `${digits} is the emergency number ${to.number}: a call cannot be transferred to it`,
    to: { kind: 'refused', reason: 'not-by-transfer' },
  }
}

export function transferor({ by }: QuestionOf<'transferred'>): Ruling {
  if (by.user === null) return { words: `nobody was logged in at ${by.device.id}`, to: { kind: 'refused', reason: 'not-logged-in' } }
  return { words: `${by.user.name} (${by.user.extension}) transfers the call` }
}
