import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createLink, mostUnread } from '../../../src/sipd/admin/link.js'
import { connectWireApplication } from '../../support/admin-wire/wire-application.js'
import { createManualClock } from '../../support/process/manual-clock.js'
import { openSipdStage } from '../../support/sip/sipd-stage.js'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Our end of a connection whose other end reads nothing. */
async function deafPeer(): Promise<Socket> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [peer] = (await accepted) as [Socket]
  peer.on('error', () => undefined)
  socket.on('error', () => undefined)
  closers.push(
    () => server.close(),
    () => peer.destroy(),
    () => socket.destroy(),
  )
  return socket
}

test.each(['acknowledges', 'does not acknowledge'] as const)(
  'an application that %s what it reads, and reads nothing, is given up before it fills memory',
  async (manner) => {
    const socket = await deafPeer()
    const closed = once(socket, 'close')
    const link = createLink(socket)
    if (manner === 'acknowledges') link.greet('hello')
    const message = Buffer.alloc(60_000, 'a')
    let most = 0
    for (let sent = 0; sent < 2_000 && link.open; sent += 1) {
      link.send('a line', message)
      await new Promise(setImmediate)
      most = Math.max(most, link.unread)
    }
    expect(link.open).toBe(false)
    expect(most).toBeLessThan(mostUnread + 100_000)
    await closed
  },
)

test('a connection to the admin port that has not authenticated within ten seconds is closed', async () => {
  const clock = createManualClock()
  const stage = await openSipdStage({ clock })
  closers.push(() => stage.close())
  const [unauthenticated, application] = [await connectWireApplication(stage.sipd.admin.port), await stage.application()]
  clock.advance(10_000)
  await unauthenticated.closed()
  expect(application.isClosed).toBe(false)
})
