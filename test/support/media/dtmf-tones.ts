import { mulaw } from 'alawmulaw'

const rate = 8000
const rows = [697, 770, 852, 941]
const columns = [1209, 1336, 1477, 1633]
const keys = ['123A', '456B', '789C', '*0#D']

export interface ToneParts {
  /** Silence before the first key. */
  readonly waitMs: number
  readonly toneMs: number
  readonly gapMs: number
}

/** The keys as in-band tones (ITU-T Q.23), in G.711 µ-law at 8 kHz. */
export function dtmfTones(text: string, { waitMs, toneMs, gapMs }: ToneParts): Buffer {
  const pieces = text.split('').flatMap((key) => [tone(key, toneMs), silence(gapMs)])
  return Buffer.concat([silence(waitMs), ...pieces])
}

function tone(key: string, ms: number): Buffer {
  const row = keys.findIndex((line) => line.includes(key))
  const low = rows[row]
  const high = columns[keys[row]?.indexOf(key) ?? -1]
  if (low === undefined || high === undefined) throw new Error(`no such key: ${key}`)
  const samples = Int16Array.from({ length: (rate * ms) / 1000 }, (_, at) => 8000 * (wave(low, at) + wave(high, at)))
  return Buffer.from(mulaw.encode(samples))
}

function wave(frequency: number, at: number): number {
  return Math.sin((2 * Math.PI * frequency * at) / rate)
}

function silence(ms: number): Buffer {
  return Buffer.alloc((rate * ms) / 1000, 0xff)
}
