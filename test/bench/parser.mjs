// How many messages one core parses, checks, edits and prints. `npm run build && node test/bench/parser.mjs [dist folder]`
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const dist = path.resolve(process.argv[2] ?? 'dist')
const load = (name) => import(pathToFileURL(path.join(dist, 'sip', name)).href)
const { parseMessage } = await load('parser/parser.js')
const { createFramer } = await load('parser/framer.js')
const { createResponse } = await load('message/builder.js')
const { newBranch } = await load('ids.js')

const sdp = [
  'v=0',
  'o=- 3849201183 3849201183 IN IP4 192.0.2.41',
  's=call',
  'c=IN IP4 192.0.2.41',
  't=0 0',
  'm=audio 20418 RTP/AVP 9 8 0 18 101',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:18 G729/8000',
  'a=fmtp:18 annexb=no',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n')

const invite = Buffer.from(
  [
    'INVITE sip:101@hotdesk.example;user=phone SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.41:5060;branch=z9hG4bK-524287-1---6c2d07e7a2f5b3a1;rport',
    'Max-Forwards: 70',
    'Contact: <sip:HD0001@192.0.2.41:5060;transport=udp>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000413261f5c>"',
    'To: <sip:101@hotdesk.example;user=phone>',
    'From: "Alice Example" <sip:HD0001@hotdesk.example>;tag=5d2e1b77',
    'Call-ID: 98213NjkwZTc2ZjJhYzQ4NGE0ZGJkZTI1YmM1ZTlhYjE3ZjY',
    'CSeq: 2 INVITE',
    'Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE, UPDATE, PRACK',
    'Accept: application/sdp, application/dtmf-relay',
    'Content-Type: application/sdp',
    'Supported: replaces, 100rel, timer, norefersub',
    'Session-Expires: 1800;refresher=uac',
    'Min-SE: 90',
    'User-Agent: Desk Phone T54W 96.86.0.70',
    'Allow-Events: hold,talk,conference,refer,check-sync',
    'P-Preferred-Identity: <sip:HD0001@hotdesk.example>',
    'X-Serial: 000413261F5C',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n'),
  'latin1',
)

const bye = Buffer.from(
  [
    'BYE sip:HD0001@192.0.2.41:5060;transport=udp SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKq8Jc0hZ2dX1w;rport',
    'Max-Forwards: 70',
    'From: <sip:101@hotdesk.example>;tag=9f8e7d',
    'To: "Alice Example" <sip:HD0001@hotdesk.example>;tag=5d2e1b77',
    'Call-ID: 98213NjkwZTc2ZjJhYzQ4NGE0ZGJkZTI1YmM1ZTlhYjE3ZjY',
    'CSeq: 3 BYE',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
  'latin1',
)

let sink = 0

function parsed(bytes) {
  const result = parseMessage(bytes)
  if (result.outcome !== 'message') throw new Error(`${result.outcome}: ${result.reason}`)
  return result.message
}

/** What the transaction layer reads of every message. */
function keyOf(message) {
  const { topVia, cseq, from, to, callId } = message
  sink += topVia.branch.length + topVia.host.length + cseq.number + cseq.method.length + from.tag.length + to.tag.length + callId.length
}

function forwarded(bytes) {
  const message = parsed(bytes)
  keyOf(message)
  message.prepend('Via', `SIP/2.0/UDP 192.0.2.10:5060;branch=${newBranch()};rport`)
  message.set('Max-Forwards', String(Number(message.first('Max-Forwards')) - 1))
  sink += message.toBuffer().length
}

const framer = createFramer()
const cases = {
  'INVITE: parse, check, key': () => keyOf(parsed(invite)),
  'INVITE: parse, check, key, forward': () => forwarded(invite),
  'INVITE: parse, check, 200 printed': () => {
    sink += createResponse(parsed(invite), 200, 'OK', 'a1b2c3').toBuffer().length
  },
  'INVITE: print unchanged': ((message) => () => {
    sink += message.toBuffer().length
  })(parsed(invite)),
  'BYE: parse, check, key': () => keyOf(parsed(bye)),
  'INVITE: framed from a stream, parse, check, key': () => {
    for (const frame of framer.push(invite)) keyOf(parsed(frame.bytes))
  },
}

/** Messages a second of CPU time, so that other processes count little: the median of 15 slices of about 100 ms, and the best. */
function measure(run) {
  for (const end = performance.now() + 400; performance.now() < end; ) run()
  const rates = []
  for (let slice = 0; slice < 15; slice += 1) {
    const start = performance.now()
    const cpu = process.cpuUsage()
    let count = 0
    while (performance.now() - start < 100) {
      for (let turn = 0; turn < 200; turn += 1) run()
      count += 200
    }
    const { user, system } = process.cpuUsage(cpu)
    rates.push((count * 1_000_000) / (user + system))
  }
  rates.sort((a, b) => a - b)
  return { median: rates[7], best: rates[14] }
}

console.log(`Node ${process.version}, INVITE of ${invite.length} bytes, BYE of ${bye.length} bytes; messages/s on one core`)
for (const [name, run] of Object.entries(cases)) {
  const { median, best } = measure(run)
  console.log(
    `${name.padEnd(50)} median ${Math.round(median).toLocaleString('en').padStart(9)}   best ${Math.round(best).toLocaleString('en').padStart(9)}`,
  )
}
if (sink === 0) throw new Error('nothing was measured')
