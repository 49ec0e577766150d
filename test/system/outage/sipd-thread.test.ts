import { createServer } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import pino from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.js'
import type { ListenAddress } from '../../../src/base/listen-address.js'
import { Secret } from '../../../src/base/secret.js'
import { createSipdThread, type Sipd, type SipdThreadNeeds } from '../../../src/sipd/sipd.js'
import { createSrf, type SipApplication } from '../../../src/srf/srf.js'
import { shownCertificate, tlsSample } from '../../support/net/tls-sample.js'
import { defaults } from '../../support/node/default-settings.js'
import { createMailbox } from '../../support/sip/mailbox.js'
import { inDialog, offer, openUdpPeer, type SipPeer } from '../../support/sip/sip-peer.js'

/** The thread runs what was built: the sources cannot be started as they stand. */
const workerFile = join(import.meta.dirname, '../../../dist/sipd/thread/worker.js')
const diesAtTheFirstQuestion = `
  const { parentPort } = require('node:worker_threads')
  parentPort.once('message', () => process.exit(7))
  parentPort.postMessage({ kind: 'listening', places: { listening: [], admin: { address: '127.0.0.1', port: 0 } } })
`
const udp: ListenAddress = { protocol: 'udp', address: '127.0.0.1', port: 0 }
const tls: ListenAddress = { protocol: 'tls', address: '127.0.0.1', port: 0 }

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface LogLine {
  readonly event: string
  readonly level: number
  readonly msg: string
  readonly part?: string
  readonly err?: { readonly message: string }
}

interface Stage {
  readonly sipd: Sipd
  readonly needs: SipdThreadNeeds
  logged(event: string, message?: RegExp): Promise<LogLine>
  /** As a fault in the thread would. */
  killThread(): Promise<unknown>
}

async function open(more: Partial<SipdThreadNeeds> = {}): Promise<Stage> {
  let worker: Worker | null = null
  const lines = createMailbox<LogLine>(({ event, msg }) => `${event} ${msg}`)
  const needs: SipdThreadNeeds = {
    listen: [udp],
    advertise: null,
    admin: { address: '127.0.0.1', port: 0 },
    secret: new Secret('cymru'),
    timers: defaults.sip.timers,
    clock: systemClock,
    log: pino({ level: 'trace' }, { write: (line: string) => lines.put(JSON.parse(line) as LogLine) }).child({ part: 'sipd' }),
    startWorker(workerData) {
      worker = new Worker(workerFile, { workerData })
      return worker
    },
    ...more,
  }
  const sipd = await createSipdThread(needs)
  closers.push(() => sipd.close())
  return {
    sipd,
    needs,
    logged: (event, message = /^/) => lines.take(event, (line) => line.event === event && message.test(line.msg)),
    killThread: () => worker?.terminate() ?? Promise.reject(new Error('no thread')),
  }
}

async function openApplication({ sipd, needs }: Stage): Promise<SipApplication> {
  const srf = await createSrf({ admin: { host: sipd.admin.address, port: sipd.admin.port, secret: needs.secret }, log: needs.log })
  closers.push(() => srf.close())
  return srf
}

async function openPhone({ sipd }: Stage): Promise<SipPeer> {
  const phone = await openUdpPeer({ port: sipd.listening[0]?.port ?? 0 })
  closers.push(() => phone.close())
  return phone
}

describe('sipd in a thread of its own', () => {
  it('serves the network and an application as in this one', async () => {
    const stage = await open()
    const srf = await openApplication(stage)
    srf.onRequest('OPTIONS', (request) => request.respond(200, { headers: { 'X-From': request.source.protocol } }))
    const phone = await openPhone(stage)
    phone.send(phone.request({ method: 'OPTIONS' }))
    expect((await phone.hearsResponse(200)).first('X-From')).toBe('udp')
    expect(await stage.sipd.counts()).toMatchObject({ requests: 1, applications: 1, restarts: 0 })
  })

  it('is told which numbers are let in however much there is to do', async () => {
    const told: (readonly string[] | undefined)[] = []
    await open({
      emergency: ['999', '112'],
      startWorker(workerData) {
        told.push(workerData.emergency)
        return new Worker(workerFile, { workerData })
      },
    })
    expect(told).toEqual([['999', '112']])
  })

  it('starts again with the log level of before if it has died while it was to be changed', async () => {
    const levels: string[] = []
    const stage = await open({
      startWorker(workerData) {
        levels.push(workerData.level)
        return levels.length > 1 ? new Worker(workerFile, { workerData }) : new Worker(diesAtTheFirstQuestion, { eval: true })
      },
    })
    await expect(stage.sipd.setLogLevel('warn')).rejects.toThrow('ended with code 7')
    await stage.logged('sip.restarted')
    expect(levels).toEqual(['trace', 'trace'])
  })

  it('tells its log by ours, with our bindings', async () => {
    const stage = await open()
    const phone = await openPhone(stage)
    const broken = phone.request({ method: 'OPTIONS' })
    broken.remove('CSeq')
    phone.send(broken)
    const line = await stage.logged('sip.dropped')
    expect(line).toMatchObject({ level: 20, part: 'sipd' })
    expect(line.msg).toMatch(/^malformed message/)
  })

  it('says by its error what it could not open', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as { port: number }
    await expect(open({ listen: [{ ...udp, protocol: 'tcp', port }] })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await expect(open({ listen: [tls] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('whose code throws at its start rejects with that', async () => {
    const startWorker = (): Worker => new Worker('throw new Error("no such thing")', { eval: true })
    await expect(open({ startWorker })).rejects.toThrow('no such thing')
  })

  it('shows a renewed certificate, and keeps the old one when the new one does not fit', async () => {
    const { sipd } = await open({ listen: [tls], tls: tlsSample('first') })
    const port = sipd.listening[0]?.port ?? 0
    expect(await shownCertificate(port)).toBe('hotdesk test first')
    await expect(sipd.renewTls({ ...tlsSample('second'), key: tlsSample('first').key })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await shownCertificate(port)).toBe('hotdesk test first')
    await sipd.renewTls(tlsSample('second'))
    expect(await shownCertificate(port)).toBe('hotdesk test second')
  })
})

describe('when the thread of sipd dies', () => {
  it('the application is notified when another has taken over, and can send requests again', async () => {
    const stage = await open()
    const srf = await openApplication(stage)
    const phone = await openPhone(stage)
    const answered = new Promise((resolve) => srf.onReconnected(() => resolve(srf.request('OPTIONS', phone.uri))))
    await stage.killThread()
    phone.respond(await phone.hearsRequest('OPTIONS'), 200)
    expect(await answered).toMatchObject({ status: 200, source: { address: '127.0.0.1', port: phone.port } })
  })

  it('another one takes its ports, and the application finds it, registers its routes and takes calls', async () => {
    const stage = await open({ patienceMs: 3_000 })
    const before = [stage.sipd.listening, stage.sipd.admin]
    const srf = await openApplication(stage)
    srf.onRequest('REGISTER', (request) => request.respond(200))
    srf.onInvite(async (invite) => void (await invite.accept({ sdp: offer })))
    const phone = await openPhone(stage)
    phone.send(phone.request({ method: 'REGISTER' }))
    await phone.hearsResponse(200, 'REGISTER')
    await stage.killThread()
    await stage.logged('sip.lost', /^SIP server lost/)
    await stage.logged('sip.restarted')
    expect([stage.sipd.listening, stage.sipd.admin]).toEqual(before)
    // Not one moment later: whoever comes before the application is back waits for it.
    phone.send(phone.request({ method: 'REGISTER' }))
    await phone.hearsResponse(200, 'REGISTER')
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const answer = await phone.hearsResponse(200, 'INVITE')
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
    expect(await stage.sipd.counts()).toMatchObject({ restarts: 1 })
  })

  it('the calls that stood have ended for the application, and what it had asked is answered', async () => {
    const stage = await open()
    const srf = await openApplication(stage)
    const ended = createMailbox<string>((how) => how)
    srf.onInvite(async (invite) => {
      const dialog = await invite.accept({ sdp: offer })
      dialog.onEnd(({ by, reason }) => ended.put(`${by}: ${reason}`))
    })
    const phone = await openPhone(stage)
    const invite = phone.request({ method: 'INVITE', body: offer })
    phone.send(invite)
    const answer = await phone.hearsResponse(200)
    phone.send(phone.request(inDialog(invite, answer, { method: 'ACK' })))
    const asked = srf.request('OPTIONS', phone.uri)
    await phone.hearsRequest('OPTIONS')
    await stage.killThread()
    expect(await ended.take('the end', () => true)).toBe('server: SIP server lost')
    expect((await asked).status).toBe(503)
    await stage.logged('sip.restarted')
    phone.send(phone.request(inDialog(invite, answer, { method: 'BYE', cseq: 2 })))
    await phone.hearsResponse(481, 'BYE')
  })

  it('again and again, there is another one each time, with the certificate that was in use', async () => {
    const stage = await open({ listen: [udp, tls], tls: tlsSample('first') })
    await stage.sipd.renewTls(tlsSample('second'))
    for (let time = 0; time < 3; time += 1) {
      await stage.killThread()
      expect((await stage.logged('sip.lost')).msg).toMatch(/^the thread of the SIP server has died/)
      await stage.logged('sip.restarted')
    }
    expect(await shownCertificate(stage.sipd.listening[1]?.port ?? 0)).toBe('hotdesk test second')
  })

  it('and another one cannot begin, it is tried again until it can', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const taken = { ...udp, protocol: 'tcp', port: (server.address() as { port: number }).port }
    const workers: Worker[] = []
    const stage = await open({
      startWorker(workerData) {
        const more = workers.length === 1 ? [taken] : []
        const worker = new Worker(workerFile, { workerData: { ...workerData, listen: [...workerData.listen, ...more] } })
        workers.push(worker)
        return worker
      },
    })
    await workers[0]?.terminate()
    await stage.logged('sip.lost')
    expect((await stage.logged('sip.lost')).msg).toMatch(/^the SIP server could not be restarted: .* in use/)
    await stage.logged('sip.restarted')
    expect(workers.length).toBe(3)
  })

  it('just before the end, nothing is started any more', async () => {
    const workers: Worker[] = []
    const stage = await open({
      startWorker(workerData) {
        workers.push(new Worker(workerFile, { workerData }))
        return workers.at(-1) as Worker
      },
    })
    await workers[0]?.terminate()
    await stage.sipd.close()
    expect(await stage.sipd.counts()).toBeNull()
    expect(workers.length).toBe(1)
  })
})
