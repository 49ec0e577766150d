import { expect, it } from 'vitest'
import { createReports, type ReportParts } from '../../../../src/calls/transfer/reports.js'
import type { IncomingRequest, ReferNotifier, SipReply } from '../../../../src/srf/srf.js'

/** The phone that has sent the REFER: it accepts every NOTIFY. */
function openPhone() {
  const notifies: string[] = []
  const ok: SipReply = { status: 200, reason: 'OK', header: () => '', body: '' }
  const notifier: ReferNotifier = {
    notify({ headers, body }: ReportParts) {
      notifies.push(`${String(headers['Subscription-State'])} ${body.trim()}`)
      return Promise.resolve(ok)
    },
    end: () => void notifies.push('end'),
  }
  return { notifies, reports: createReports(Promise.resolve(notifier), 'refer') }
}

/** A SUBSCRIBE, and the responses to it. */
function subscribe(expires: string) {
  const responses: string[] = []
  const request: Pick<IncomingRequest, 'header' | 'respond'> = {
    header: (name) => (name === 'Expires' ? expires : ''),
    respond: (status, parts) => void responses.push(`${status} ${String(parts?.headers?.Expires ?? '')}`.trim()),
  }
  return { request: request as IncomingRequest, responses }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it.each([
  ['60', '60'],
  ['3600', '180'],
  ['', '180'],
])('a refresh with Expires %j is accepted for %s seconds, and followed by a NOTIFY (RFC 6665 §4.2.1.2)', async (asked, granted) => {
  const { notifies, reports } = openPhone()
  reports.progress(180, 'Ringing')
  await settled()
  const { request, responses } = subscribe(asked)
  reports.onSubscribe(request)
  await settled()
  expect(responses).toEqual([`200 ${granted}`])
  expect(notifies.at(-1)).toBe(`active;expires=${granted} SIP/2.0 180 Ringing`)
})

it('Expires: 0 ends the subscription with a last NOTIFY; the transfer goes on (RFC 6665 §4.4.1)', async () => {
  const { notifies, reports } = openPhone()
  await settled()
  const { request, responses } = subscribe('0')
  reports.onSubscribe(request)
  reports.progress(180, 'Ringing')
  await reports.finish(200, 'OK')
  expect(responses).toEqual(['200 0'])
  expect(notifies).toEqual(['active;expires=180 SIP/2.0 100 Trying', 'terminated;reason=timeout SIP/2.0 100 Trying', 'end'])
})

it('a subscription that is over cannot be refreshed: 481', async () => {
  const { notifies, reports } = openPhone()
  await reports.finish(486, 'Busy Here')
  const { request, responses } = subscribe('60')
  reports.onSubscribe(request)
  await settled()
  expect(responses).toEqual(['481'])
  expect(notifies.at(-1)).toBe('end')
})
