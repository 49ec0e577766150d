// Phones of one site that call and answer under load, and its carrier. A request is a line of JSON on standard input, `{ id, do, … }`, and so is
// its answer, `{ id, … }`. They exchange no sound: a session description names the phone, and a port at which nothing listens.
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { pause, systemClock } from '../../../dist/base/clock.js'
import { silentLogger } from '../../../dist/base/logger.js'
import { Secret } from '../../../dist/base/secret.js'
import { defaultSettings } from '../../../dist/config/schema/schema.js'
import { parseUri } from '../../../dist/sip/uri/uri.js'
import { createSipd } from '../../../dist/sipd/sipd.js'
import { createSrf } from '../../../dist/srf/srf.js'

const [phonesAt, carrierAt] = process.argv.slice(2)
/** A phone rings for this long. */
const ringMs = 200
/** People give up: a caller who hears nothing, and a callee whose line is dead. */
const patienceMs = 60_000

const parties = new Map()
/** Calls that were answered here: `{ party, source, began, lastedMs }`. */
const received = []

async function openSip(address) {
  const secret = new Secret(randomBytes(16).toString('hex'))
  const listen = [{ protocol: 'udp', address, port: 0 }]
  const common = { clock: systemClock, log: silentLogger() }
  const admin = { address: '127.0.0.1', port: 0 }
  const sipd = await createSipd({ listen, advertise: null, admin, secret, timers: defaultSettings().sip.timers, ...common })
  const srf = await createSrf({ admin: { host: sipd.admin.address, port: sipd.admin.port, secret }, ...common })
  srf.onRequest('NOTIFY', (request) => request.respond(200))
  srf.onRequest('OPTIONS', (request) => request.respond(200))
  srf.onInvite(take)
  return { srf, address: `${address}:${sipd.listening[0].port}` }
}

async function take(invite) {
  const party = parseUri(invite.uri)?.user ?? ''
  if (!parties.has(party)) return invite.respond(404)
  invite.respond(180)
  await pause(systemClock, ringMs)
  if (invite.cancelled) return
  const dialog = await invite.accept({ sdp: sessionOf(party) }).catch(() => null)
  if (!dialog) return
  const source = `${invite.source.address}:${invite.source.port}`
  const call = { party, source, began: systemClock.now(), lastedMs: null }
  received.push(call)
  const givesUp = systemClock.after(patienceMs, () => void dialog.bye())
  dialog.onEnd(() => {
    givesUp.cancel()
    call.lastedMs = systemClock.now() - call.began
  })
}

/** By which a party is called and calls. A node knows the carrier by its address, on loopback by its port. */
const sip = { phones: await openSip(phonesAt), carrier: await openSip(carrierAt) }

const sessionOf = (party) =>
  `v=0\r\no=- 1 1 IN IP4 ${phonesAt}\r\ns=${party}\r\nc=IN IP4 ${phonesAt}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n`

function partsOf(name) {
  const { password, node, domain, role } = parties.get(name)
  const own = `<sip:${name}@${domain}>`
  const contact = `<sip:${name}@localhost;transport=udp>`
  const credentials = { username: name, password: new Secret(password) }
  return { srf: sip[role].srf, own, contact, domain, via: `sip:${node};transport=udp`, credentials }
}

const requests = {
  party({ name, ...parts }) {
    parties.set(name, parts)
  },
  async register({ name }) {
    const { srf, own, contact, domain, ...parts } = partsOf(name)
    const headers = { From: own, To: own, Contact: contact, Expires: '300' }
    const { status } = await srf.request('REGISTER', `sip:${domain}`, { ...parts, headers })
    return { status }
  },
  async call({ from, number, node, holdMs }) {
    const { srf, own, contact, domain, ...parts } = { ...partsOf(from), via: `sip:${node};transport=udp` }
    const uri = `sip:${number}@${domain}`
    const began = systemClock.now()
    const invite = srf.invite(uri, sessionOf(from), { ...parts, headers: { From: own, To: `<${uri}>`, Contact: contact } })
    const givesUp = systemClock.after(patienceMs, () => invite.cancel())
    const { outcome, dialog, reply } = await invite.result
    givesUp.cancel()
    const setupMs = systemClock.now() - began
    const answer = { status: reply.status, reason: reply.reason, setupMs, answeredBy: '', cutShort: null, byeMs: 0 }
    if (outcome !== 'answered') return answer
    const answeredBy = /^s=(.*?)\r?$/m.exec(reply.body)?.[1] ?? ''
    const ended = new Promise((resolve) => dialog.onEnd(({ reason }) => resolve(reason)))
    const cutShort = await Promise.race([ended, pause(systemClock, holdMs).then(() => null)])
    const hangingUp = systemClock.now()
    await dialog.bye()
    return { ...answer, answeredBy, cutShort, byeMs: systemClock.now() - hangingUp }
  },
  received: () => ({ received }),
}

async function answerTo(line) {
  const { id, do: name, ...parts } = JSON.parse(line)
  try {
    const answer = await requests[name](parts)
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`)
  } catch (fault) {
    process.stdout.write(`${JSON.stringify({ id, fault: String(fault?.stack ?? fault) })}\n`)
  }
}

createInterface({ input: process.stdin }).on('line', (line) => void answerTo(line))
process.stdin.on('end', () => process.exit(0))
process.stdout.write(`${JSON.stringify({ id: 0, carrier: sip.carrier.address })}\n`)
