// Opens the store on the embedded Redis under the directory given, writes one user and waits to be killed.
import { systemClock } from '../../../dist/base/clock.js'
import { silentLogger } from '../../../dist/base/logger.js'
import { createMetrics } from '../../../dist/base/metrics.js'
import { defaultSettings } from '../../../dist/config/schema/schema.js'
import { hotdeskLibrary } from '../../../dist/hotdesk/library.js'
import { createStore } from '../../../dist/store/store.js'

const { network, redis } = defaultSettings()
const store = await createStore({
  redis: { kind: 'embedded' },
  network,
  loading: redis.functions,
  durability: redis.durability,
  data: process.argv[2],
  functions: hotdeskLibrary,
  clock: systemClock,
  log: silentLogger(),
  metrics: createMetrics(),
})
await store.putFields('user:100', { name: 'Alice' })
process.stdout.write('open\n')
