import { newCallId } from '../../../src/sip/ids.js'
import { until } from '../node/node-health.js'
import { domain } from '../node/office.js'
import { acknowledgement, callerSide, responseTo, sampleOffer } from './dialog.js'
import { readMetrics } from './judge.js'
import { readMessage, writeMessage } from './message.js'
import type { Party } from './party.js'
import type { WorldStage } from './stage.js'

/** A number that goes out over one trunk alone. */
export const wayOver = { 'line-1': '0011', 'line-2': '0022' } as const

/** Makes a trunk that a case has brought down take calls again: it responds to a call that only it can take. */
export async function healTrunks(stage: WorldStage): Promise<void> {
  const isUp = async (name: string): Promise<boolean> => (await readMetrics(stage)).get(`hotdesk_trunk_up{trunk="${name}"}`) === 1
  const readings = await readMetrics(stage)
  for (const name of ['line-1', 'line-2'] as const) {
    if (readings.get(`hotdesk_trunk_up{trunk="${name}"}`) === 1) continue
    const { caller, trunk, trunk2 } = stage.cast('phone to outside')
    const far = name === 'line-1' ? trunk : trunk2
    for (const party of [caller, far]) party.begin()
    far.serve((message) => message.method !== 'ACK' && far.send(responseTo(message, 486, far, 'heal')))
    await dial(caller, `0${wayOver[name]}33199000123`)
    await until(`trunk ${name} is up`, () => isUp(name), Boolean)
  }
}

async function dial(caller: Party, number: string): Promise<void> {
  const uri = `sip:${number}@${domain}`
  const fields = caller.fields('INVITE', uri, newCallId())
  for (const credentials of [null, 'wanted'] as const) {
    const again = fields.map(([name, value]) => [name, name === 'Via' ? caller.via() : value] as const)
    const challenge = caller.heard.findLast(({ status }) => status === 407)
    const extra = credentials && challenge ? [caller.answer(challenge, { method: 'INVITE', uri, body: sampleOffer })] : []
    const cseq = credentials === null ? '1 INVITE' : '2 INVITE'
    const text = writeMessage(
      `INVITE ${uri} SIP/2.0`,
      [...again.map(([name, value]) => [name, name === 'CSeq' ? cseq : value] as const), ...extra],
      sampleOffer,
    )
    caller.send(text)
    const final = await caller.response('a final response', ({ status, header }) => status >= 200 && header('CSeq') === cseq)
    const sent = readMessage(text)
    caller.send(acknowledgement(callerSide(caller, sent, final, sent), sent, final))
  }
}
