import { it } from 'vitest'
import { keys } from '/work/w-adv-phones/src/media/key.js'
import { createPressCounter, type ReceivedEvent } from '/work/w-adv-phones/src/media/rtp/press-counter.js'
type Sent = ReceivedEvent & { at: number }
type S = { press: number; pause: number; seqSound: boolean }
type Sender = (text: string, s: S) => Sent[]
// generic builder
function make(opt: {
  ts: (pressAt: number, at: number, i: number, n: number) => number
  dur: (i: number, updates: number, isEnd: boolean, press: number) => number
  marker?: (i: number) => boolean
  step?: number
  ends?: number
  endStep?: number
  begins?: number
  seqPerPress?: boolean
}): Sender {
  return (text, { press, pause, seqSound }) => {
    const { step = 20, ends = 3, endStep = step, begins = 1, marker = (i) => i === 0 } = opt
    const out: Sent[] = []
    let seq = 65500, t = 0
    for (const [n, k] of [...text].entries()) {
      const event = keys.indexOf(k as never)
      const updates = Math.max(1, Math.round(press / step))
      let at = t
      let i = 0
      for (let b = 0; b < begins - 1; b++) { out.push({ event, end: false, duration: opt.dur(0, updates, false, press), marker: marker(i), at, ssrc: 1, sequence: seq++ & 0xffff, timestamp: opt.ts(t, at, i, n) >>> 0 }); i++ }
      for (let u = 0; u < updates; u++) {
        at = t + u * step
        out.push({ event, end: false, duration: opt.dur(u, updates, false, press), marker: marker(i), at, ssrc: 1, sequence: seq++ & 0xffff, timestamp: opt.ts(t, at, i, n) >>> 0 }); i++
      }
      for (let e = 0; e < ends; e++) {
        at = t + updates * step + e * endStep
        out.push({ event, end: true, duration: opt.dur(updates, updates, true, press), marker: marker(i), at, ssrc: 1, sequence: seq++ & 0xffff, timestamp: opt.ts(t, at, i, n) >>> 0 }); i++
      }
      const next = t + updates * step + Math.max(pause, ends * endStep)
      if (seqSound) seq += Math.max(0, Math.round((next - at) / step) - 1)
      t = next
    }
    return out
  }
}
const rtpTs = (p: number) => 160000 + p * 8
const senders: Record<string, Sender> = {
  'asterisk': make({ ts: (p) => rtpTs(p), dur: (u, n, e) => (u + 1) * 160, marker: (i) => i === 0 }),
  'asterisk begin x3 dur 0': make({ ts: rtpTs, dur: (u, n, e) => u * 160, begins: 3, endStep: 0 }),
  'asterisk ends at once': make({ ts: rtpTs, dur: (u) => u * 160, endStep: 0 }),
  'freeswitch': make({ ts: rtpTs, dur: (u) => (u + 1) * 160, ends: 3, endStep: 20 }),
  'freeswitch 10ms off ts': make({ ts: (p, at, i) => rtpTs(p) + (i % 2), dur: (u) => (u + 1) * 160 }),
  'baresip (ends 3 rapid, ts from stream)': make({ ts: rtpTs, dur: (u) => u * 160, ends: 3, endStep: 5 }),
  'linphone': make({ ts: rtpTs, dur: (u) => u * 160, step: 10, ends: 3, endStep: 10 }),
  'linphone 50ms': make({ ts: rtpTs, dur: (u) => u * 400, step: 50, ends: 3, endStep: 0 }),
  'spa: marker all, ends 3': make({ ts: rtpTs, dur: (u) => (u + 1) * 240, step: 30, marker: () => false }),
  'spa 40 ms': make({ ts: rtpTs, dur: (u) => (u + 1) * 320, step: 40, ends: 3, endStep: 20, marker: () => false }),
  'grandstream 3 begins dur 0': make({ ts: rtpTs, dur: (u) => u * 160, begins: 3, endStep: 10 }),
  'sipp play_dtmf: ts moves in ends': make({ ts: (p, at, i) => 160000 + (p / 20) * 160, dur: (u, n) => u * 160, ends: 3 }),
  'sipp: one ts for all, seq goes on': make({ ts: () => 24000, dur: (u) => u * 160, ends: 3 }),
  'sipp old pcap all ts 0': make({ ts: () => 0, dur: (u) => (u + 1) * 160, ends: 3 }),
  'ts +160 per packet, incl ends': make({ ts: (p, at, i) => rtpTs(p) + i * 160, dur: (u) => (u + 1) * 160 }),
  'ts +1 per packet overall': (t, s) => make({ ts: () => 0, dur: (u) => (u + 1) * 160 })(t, s).map((x, i) => ({ ...x, timestamp: i + 5 })),
  'dur 0 ts per press': make({ ts: rtpTs, dur: () => 0 }),
  'dur 0 ts const': make({ ts: () => 9, dur: () => 0 }),
  'only ends, ts per press': (t, s) => make({ ts: rtpTs, dur: () => 800 })(t, s).filter((x) => x.end),
  'only ends, ts per packet': (t, s) => make({ ts: (p, at) => rtpTs(at), dur: () => 800 })(t, s).filter((x) => x.end),
  'dur in ms not samples': make({ ts: rtpTs, dur: (u) => u * 20 }),
  'dur in bytes LE': make({ ts: rtpTs, dur: (u) => ((u * 160) >> 8) | (((u * 160) & 255) << 8) }),
  'dur falls': make({ ts: rtpTs, dur: (u, n) => (n - u) * 160 }),
  'ts per press by index +1': make({ ts: (p, at, i, n) => 1000 + n, dur: (u) => u * 160 }),
  'ts per press goes backwards': make({ ts: (p) => 1_000_000_000 - p * 8, dur: (u) => (u + 1) * 160 }),
  'end dur 0': make({ ts: rtpTs, dur: (u, n, e) => (e ? 0 : u * 160) }),
  'g722 16k clock': make({ ts: (p) => p * 16, dur: (u) => u * 320 }),
  'opus 48k clock': make({ ts: (p) => p * 48, dur: (u) => u * 960 }),
}
const texts = ['5', '55', '00', '1122', '112', '4711#', '1111', '*77*5*', '0000#']
const shapes: S[] = []
for (const press of [60, 80, 100, 160, 250, 700]) for (const pause of [50, 60, 100, 200, 400, 1500]) for (const seqSound of [true, false]) shapes.push({ press, pause, seqSound })
const hear = (p: Sent[]) => { const c = createPressCounter(); return p.map((x) => c.hear(x, x.at) ?? '').join('') }
let seed = 1; const rnd = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff
it('keys', () => {
  for (const [name, sender] of Object.entries(senders)) {
    const res: Record<string, [number, number, string]> = {}
    const note = (k: string, ok: boolean, ex: string) => { const r = (res[k] ??= [0, 0, '']); r[1]++; if (!ok) { r[0]++; r[2] ||= ex } }
    for (const t of texts) for (const s of shapes) {
      const p = sender(t, s)
      const d = JSON.stringify(s)
      let h = hear(p); note('plain', h === t, `${t}->${h} ${d}`)
      for (let r = 0; r < 3; r++) {
        h = hear(p.map((x) => ({ ...x, at: x.at + rnd() * 15 })).sort((a, b) => a.at - b.at)); note('jitter15', h === t, `${t}->${h} ${d}`)
        const lossy = p.filter(() => rnd() > 0.05); h = hear(lossy); note('loss5', h === t, `${t}->${h} ${d}`)
        const re = p.map((x) => ({ ...x, at: x.at + (rnd() < 0.1 ? 30 : 0) })).sort((a, b) => a.at - b.at); h = hear(re); note('reorder30', h === t, `${t}->${h} ${d}`)
      }
    }
    console.log(name.padEnd(42), Object.entries(res).map(([k, [f, n, ex]]) => `${k} ${f}/${n}${f ? ` [${ex}]` : ''}`).join(' | '))
  }
}, 100000)
