import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openWireApplication, type WireApplication } from '../../support/admin-wire/wire-application.js'
import { createWorkplace, type Workplace } from '../../support/node/program.js'
import { wire } from '../../support/sip/still-layer.js'

const descriptors = 400
const secret = 'cymru'

let place: Workplace
let application: WireApplication | null = null
const sockets: Socket[] = []
beforeEach(async () => {
  place = await createWorkplace()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await application?.close()
  await place.close()
})

/** A connection whose peer is known as soon as it has spoken: it is not closed to make way. */
function speak(port: number, number: number): Promise<'answered' | 'refused'> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    // Tells itself by `close`.
    socket.on('error', () => undefined)
    socket.on('data', () => resolve('answered'))
    socket.on('close', () => resolve('refused'))
    const options = { line: 'OPTIONS sip:x@127.0.0.1 SIP/2.0', branch: `z9hG4bK${number}`, cseq: '1 OPTIONS', callId: `call-${number}` }
    socket.write(wire(options).replace('/UDP', '/TCP'))
  })
}

it('connections take three quarters of the descriptors that the process may have, and no more', async () => {
  const listen = ['--admin', '127.0.0.1:0', '--listen', 'tcp://127.0.0.1:0']
  const program = place.run(['sipd', ...listen], { env: { HOTDESK_DRACHTIO_SECRET: secret }, descriptors })
  const [, port] = await program.printed(/tcp\/127\.0\.0\.1:(\d+)/)
  const [, admin] = await program.printed(/admin +127\.0\.0\.1:(\d+)/)
  const fates = []
  for (let number = 0; number < descriptors; number += 1) fates.push(await speak(Number(port), number))
  expect(fates.filter((fate) => fate === 'answered')).toHaveLength((descriptors * 3) / 4)
  // Whoever is not a phone still finds a place.
  application = await openWireApplication({ port: Number(admin) })
}, 30_000)
