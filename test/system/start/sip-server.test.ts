import { X509Certificate } from 'node:crypto'
import { copyFile, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Phone } from '../../../src/softphones/softphone.js'
import { shownCertificate, tlsSampleFiles } from '../../support/net/tls-sample.js'
import { dialAnswered } from '../../support/node/login.js'
import type { TestNode } from '../../support/node/node.js'
import { until, untilReadiness } from '../../support/node/node-health.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'
import { removeFolder } from '../../support/process/remove-folder.js'

/**
 * Loaded into the node's process before its program: it keeps the threads that the program starts, and at a signal ends the last one, as
 * running out of memory would. The program knows nothing of it.
 */
const threadKiller = `data:text/javascript,${encodeURIComponent(`
  import threads, { isMainThread } from 'node:worker_threads'
  import { syncBuiltinESMExports } from 'node:module'
  const started = []
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args)
      started.push(this)
    }
  }
  syncBuiltinESMExports()
  if (isMainThread) process.on('SIGPWR', () => started.at(-1)?.terminate())
`)}`

let office: TestOffice

beforeEach(async () => {
  office = await openTestOffice()
})
afterEach(() => office.close())

async function seat(extension: string, device: string): Promise<void> {
  expect(await office.redis.cli('FCALL', 'hotdesk_login', '1', '{hd}', extension, device)).toBe('LOGGED_IN')
  await office.settled(extension, device)
}

async function call(from: Phone, number: string, to: Phone) {
  const dialling = dialAnswered(from, number)
  const callee = await (await to.nextCall()).answer()
  return { caller: await dialling, callee }
}

/** The value of a metric of the node, by its whole line up to the value. */
async function metric({ http }: TestNode, name: string): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1),
  )
}

async function endOf(which: 'first' | 'second'): Promise<number> {
  return Date.parse(new X509Certificate(await readFile(tlsSampleFiles(which).certificate)).validTo) / 1_000
}

describe('the SIP server of a node', () => {
  it('that dies is replaced: its calls end, and all phones register and call as before', async () => {
    const node = await office.node('paris-1', 'paris', { env: { NODE_OPTIONS: `--import=${threadKiller}` } })
    const [desk1, desk2] = [await office.phone('HD0001', node), await office.phone('HD0002', node)]
    await seat('100', 'HD0001')
    await seat('101', 'HD0002')
    await call(desk1, '101', desk2)
    expect(await metric(node, 'hotdesk_calls_active')).toBe(1)
    node.signal('SIGPWR')
    expect((await node.logged('sip.lost', ({ part }) => part === 'sipd')).msg).toMatch(/^the thread of the SIP server has died/)
    await node.logged('call.ended')
    await node.logged('sip.connected', ({ part }) => part === 'srf')
    await untilReadiness(node, 200)
    expect((await desk1.register()).status).toBe(200)
    const again = await call(desk1, '101', desk2)
    expect(await metric(node, 'hotdesk_calls_active')).toBe(1)
    expect(await metric(node, 'hotdesk_sip_restarts_total')).toBe(1)
    await again.caller.hangUp()
    await again.callee.ended
  })

  it('shows a certificate that was renewed in its files to each new connection', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-certificate-'))
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const put = async (which: 'first' | 'second'): Promise<void> => {
      for (const part of ['certificate', 'key'] as const) await copyFile(tlsSampleFiles(which)[part], files[part])
    }
    await put('first')
    const node = await office.node('paris-1', 'paris', {
      env: {
        HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tls://127.0.0.1:0',
        HOTDESK_SIP_TLS_CERTIFICATE: files.certificate,
        HOTDESK_SIP_TLS_KEY: files.key,
      },
    })
    const port = Number(node.address('tls').split(':')[1])
    expect(await shownCertificate(port)).toBe('hotdesk test first')
    expect(await metric(node, 'hotdesk_sip_certificate_expiry_timestamp_seconds')).toBe(await endOf('first'))
    await put('second')
    await node.logged('sip.certificate', ({ msg }) => msg?.startsWith('TLS certificate renewed') === true)
    expect(await shownCertificate(port)).toBe('hotdesk test second')
    expect(await metric(node, 'hotdesk_sip_certificate_expiry_timestamp_seconds')).toBe(await endOf('second'))
    await removeFolder(folder)
  })

  it.each(['own', 'shared'])('in its %s thread counts what comes and what is open', async (thread) => {
    const node = await office.node('paris-1', 'paris', { env: { HOTDESK_SIP_THREAD: thread } })
    const [desk1, desk2] = [await office.phone('HD0001', node), await office.phone('HD0002', node)]
    await seat('100', 'HD0001')
    await seat('101', 'HD0002')
    const { caller, callee } = await call(desk1, '101', desk2)
    expect(await metric(node, 'hotdesk_sip_dialogs')).toBe(2)
    expect(await metric(node, 'hotdesk_sip_messages_total{kind="request"}')).toBeGreaterThanOrEqual(6)
    expect(await metric(node, 'hotdesk_sip_messages_total{kind="response"}')).toBeGreaterThanOrEqual(2)
    expect(await metric(node, 'hotdesk_sip_transactions{side="server"}')).toBeGreaterThan(0)
    await caller.hangUp()
    await callee.ended
    // The answer to the node's own BYE may be on its way.
    await until(
      'no dialog is left',
      () => metric(node, 'hotdesk_sip_dialogs'),
      (dialogs) => dialogs === 0,
    )
    for (const name of ['faults_total', 'restarts_total', 'banned_sources', 'overloaded', 'connections'])
      expect([name, await metric(node, `hotdesk_sip_${name}`)]).toEqual([name, 0])
    expect(await metric(node, 'hotdesk_sip_discarded_total{reason="malformed"}')).toBe(0)
  })
})
