// sipd in its thread, as a node has it: `node sipd-process.mjs <dist>`; tells its ports as one line of JSON.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const load = (name) => import(pathToFileURL(path.join(process.argv[2], name)).href)
const { createSipdThread } = await load('sipd/sipd.js')
const { systemClock } = await load('base/clock.js')
const { silentLogger } = await load('base/logger.js')
const { Secret } = await load('base/secret.js')
const { defaultSettings } = await load('config/schema/schema.js')

const address = '127.0.0.1'
const sipd = await createSipdThread({
  listen: ['udp', 'tcp'].map((protocol) => ({ protocol, address, port: 0 })),
  advertise: null,
  admin: { address, port: 0 },
  secret: new Secret('bench'),
  timers: defaultSettings().sip.timers,
  clock: systemClock,
  log: silentLogger(),
})
console.log(JSON.stringify({ sip: sipd.listening[0].port, tcp: sipd.listening[1].port, admin: sipd.admin.port }))
process.on('SIGTERM', () => sipd.close().then(() => process.exit(0)))
