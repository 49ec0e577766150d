import type { StreamQuality } from '../audio-session.js'
import type { Negotiation } from '../sdp/negotiation.js'
import { samplesPerMs } from '../sound/g711.js'
import type { OutgoingStream } from './outgoing-stream.js'
import type { Receiver } from './receiver.js'
import type { ReceptionTotals } from './reception.js'
import type { Reporting } from './reporting.js'

export interface StreamQualityNeeds {
  readonly negotiation: Pick<Negotiation, 'sending'>
  readonly stream: Pick<OutgoingStream, 'packets'>
  readonly receiver: Pick<Receiver, 'heard' | 'reception'>
  readonly reporting: Pick<Reporting, 'reported'>
}

export function streamQuality({ negotiation, stream, receiver, reporting }: StreamQualityNeeds): StreamQuality {
  const { totals } = receiver.reception
  return {
    codec: negotiation.sending?.law ?? null,
    sent: stream.packets,
    received: receiver.heard.packets,
    ...inMs(totals ?? { totalLost: 0, jitter: 0 }),
    reported: reporting.reported && inMs(reporting.reported),
  }
}

function inMs({ totalLost, jitter }: ReceptionTotals) {
  return { lost: totalLost, jitterMs: Math.round((jitter / samplesPerMs) * 10) / 10 }
}
