import { beforeEach, describe, expect, test } from 'vitest'
import { createRequest } from '../../../src/sip/message/builder.js'
import type { Application } from '../../../src/sipd/core/application.js'
import { type Dialog, newDialog } from '../../../src/sipd/core/dialogs/dialog.js'
import { createDialogs, type Dialogs } from '../../../src/sipd/core/dialogs/dialogs.js'

const here = { address: '192.0.2.1', port: 5060 }
// The store compares applications, nothing else.
const application = {} as Application

function dialog(remoteTag: string, more: Partial<Pick<Dialog, 'creator' | 'flow'>> = {}): Dialog {
  return newDialog({
    callId: 'one@test',
    fromTag: 'ours',
    localTag: 'ours',
    remoteTag,
    local: '<sip:a@test.invalid>;tag=ours',
    remote: `<sip:b@test.invalid>;tag=${remoteTag}`,
    creator: 'INVITE',
    application,
    localSeq: 1,
    remoteSeq: null,
    routeSet: [],
    remoteTarget: 'sip:b@192.0.2.2',
    flow: null,
    followsFlow: false,
    socket: here,
    isPinned: false,
    contact: '<sip:a@192.0.2.1>',
    ...more,
  })
}

function requestFrom(remoteTag: string) {
  const headers = [
    ['From', `<sip:b@test.invalid>;tag=${remoteTag}`],
    ['To', '<sip:a@test.invalid>;tag=ours'],
    ['Call-ID', 'one@test'],
    ['CSeq', '1 INFO'],
  ] as const
  return createRequest({ method: 'INFO', uri: 'sip:a@192.0.2.1', headers })
}

describe('the dialogs of the SIP server (RFC 3261 §12)', () => {
  let dialogs: Dialogs
  beforeEach(() => {
    dialogs = createDialogs(10)
  })

  test('are found by Call-ID and tags; of several forks the id means the one added last', () => {
    const [first, second] = [dialog('f1'), dialog('f2')]
    dialogs.add(first)
    dialogs.add(second)
    expect([dialogs.of(requestFrom('f1')), dialogs.of(requestFrom('f2')), dialogs.byId(first.id)]).toEqual([first, second, second])
  })

  test('of calls bind their connection, those of subscriptions do not', () => {
    const over = (connection: number) => ({ flow: { protocol: 'tcp', remote: here, local: here, advertised: here, connection } }) as const
    dialogs.add(dialog('f1', over(1)))
    dialogs.add(dialog('f2', { creator: 'SUBSCRIBE', ...over(2) }))
    expect([1, 2].map((connection) => dialogs.connectionsInCall().has(connection))).toEqual([true, false])
  })

  test('are early until the 2xx, and count until their BYE is sent', () => {
    const call = dialog('f1')
    dialogs.add(call)
    expect([call.state, dialogs.live]).toEqual(['early', 1])
    dialogs.confirm(call)
    expect([call.state, dialogs.live]).toEqual(['confirmed', 1])
    dialogs.startBye(call)
    expect([call.state, dialogs.live, dialogs.has(call)]).toEqual(['terminating', 0, true])
    dialogs.end(call)
    expect([call.state, dialogs.has(call), dialogs.byId(call.id)]).toEqual(['terminated', false, undefined])
  })

  test('that have ended stay so: a late 2xx neither confirms nor adds them', () => {
    const call = dialog('f1')
    dialogs.add(call)
    dialogs.end(call)
    dialogs.confirm(call)
    dialogs.add(call)
    expect([call.state, dialogs.has(call)]).toEqual(['terminated', false])
  })

  test('reserve a tenth of their room for urgent calls', () => {
    for (let tag = 0; tag < 9; tag += 1) dialogs.add(dialog(`f${tag}`))
    expect([dialogs.hasRoom(false), dialogs.hasRoom(true)]).toEqual([false, true])
  })
})
