import { samplesPerMs } from '../sound/g711.js'

/** Reception statistics of one source, for RTCP (RFC 3550 §6.4.1 and appendices A.1, A.3, A.8). */
export interface Reception {
  arrived(packet: { readonly ssrc: number; readonly sequence: number; readonly timestamp: number }, now: number): 'new' | 'repeated'
  /** Null before the first packet. `fractionLost` covers the time since the last report. */
  report(): ReceptionFigures | null
  /** Since the source began; null before the first packet. */
  readonly totals: ReceptionTotals | null
}

/** `jitter` in samples. */
export type ReceptionTotals = Pick<ReceptionFigures, 'totalLost' | 'jitter'>

export interface ReceptionFigures {
  readonly ssrc: number
  /** 256ths. */
  readonly fractionLost: number
  readonly totalLost: number
  readonly highestSequence: number
  /** Samples. */
  readonly jitter: number
}

interface Source {
  readonly ssrc: number
  readonly first: number
  highest: number
  received: number
  transit: number
  jitter: number
  reportedExpected: number
  reportedReceived: number
}

const cycle = 0x10000
/** A sequence number further ahead means that the sender has restarted (RFC 3550 A.1, MAX_DROPOUT). */
const dropout = 3000

export function createReception(): Reception {
  let source: Source | null = null

  function begin(ssrc: number, sequence: number, transit: number): void {
    source = {
      ssrc,
      first: sequence,
      highest: sequence,
      received: 1,
      transit,
      jitter: 0,
      reportedExpected: 0,
      reportedReceived: 0,
    }
  }

  return {
    arrived({ ssrc, sequence, timestamp }, now) {
      // Modulo 2^32, like the timestamps; only differences matter.
      const transit = Math.trunc(now * samplesPerMs - timestamp) | 0
      const ahead = source ? (sequence - source.highest) & (cycle - 1) : 0
      if (source?.ssrc !== ssrc || (ahead > dropout && ahead < cycle - dropout)) {
        begin(ssrc, sequence, transit)
        return 'new'
      }
      if (ahead === 0) return 'repeated'
      if (ahead <= dropout) source.highest += ahead
      source.received += 1
      source.jitter += (Math.abs((transit - source.transit) | 0) - source.jitter) / 16
      source.transit = transit
      return 'new'
    },
    report() {
      if (!source) return null
      const expected = expectedFrom(source)
      const expectedSince = expected - source.reportedExpected
      const lostSince = expectedSince - (source.received - source.reportedReceived)
      source.reportedExpected = expected
      source.reportedReceived = source.received
      return {
        ssrc: source.ssrc,
        fractionLost: expectedSince > 0 && lostSince > 0 ? Math.min(255, Math.floor((lostSince * 256) / expectedSince)) : 0,
        ...totalsOf(source),
        highestSequence: source.highest >>> 0,
      }
    },
    get totals() {
      return source && totalsOf(source)
    },
  }
}

function expectedFrom({ highest, first }: Source): number {
  return highest - first + 1
}

function totalsOf(source: Source): ReceptionTotals {
  const lost = expectedFrom(source) - source.received
  return { totalLost: Math.max(0, Math.min(0x7fffff, lost)), jitter: Math.floor(source.jitter) }
}
