// Lamps: 500 subscriptions of phones to one user, and 10,000 subscriptions at one node. `npm run bench lamps`
// The state changes in Redis, as at another node; every NOTIFY is answered. All UDP on loopback, everything on this machine.
import { cpuOf, memoryOf, table } from './parts/machine.mjs'
import { furnish, startNode, stopNode } from './parts/node.mjs'
import { freePort } from './parts/sipp.mjs'
import { openWatcher } from './parts/watcher.mjs'

const changes = 40
/** Phones that are added, the subscriptions of each, and whom they watch. A node lets a phone have 250. */
const steps = [
  { phones: 1, each: 1, watched: '100' },
  { phones: 2, each: 250, watched: '100' },
  { phones: 38, each: 250, watched: '101' },
]

const node = await startNode(await freePort())
const network = await furnish(node)
const rows = [['subscriptions', 'of the lamp', 'accepted/s', 'missing', 'p50 ms', 'p99', 'all, p50', 'all, p99', 'node ms each', 'MB']]
const watchers = []
try {
  for (const step of steps) rows.push(await measured(step))
  console.log(`\nFrom a change in Redis to its NOTIFYs\n\n${table(rows)}`)
} catch (fault) {
  console.error(fault)
  process.exitCode = 1
} finally {
  for (const watcher of watchers) watcher.close()
  await network.close()
  await stopNode(node)
}

/** Adds subscriptions, and then changes the state of user 100. */
async function measured({ phones, each, watched }) {
  const began = performance.now()
  for (let phone = 0; phone < phones; phone += 1) {
    const watcher = await newWatcher(watchers.length)
    watchers.push(watcher)
    await watcher.subscribe(watched, each)
  }
  const perSecond = (phones * each) / ((performance.now() - began) / 1_000)
  await quiet()
  const ofLamp = count((watcher) => watcher.watching('100'))
  const [times, lasts] = [[], []]
  const cpu = cpuOf(node.child.pid)
  for (let round = 0; round < changes; round += 1) {
    for (const watcher of watchers) watcher.begin()
    const at = performance.now()
    await network.directory.putUser('100', { doNotDisturb: round % 2 === 0 })
    const heard = await allHeard(ofLamp)
    times.push(...heard.map((time) => time - at))
    lasts.push(Math.max(...heard) - at)
  }
  const spent = (cpuOf(node.child.pid) - cpu) / times.length
  const figures = [share(times, 0.5), share(times, 0.99), share(lasts, 0.5), share(lasts, 0.99)]
  const total = count((watcher) => watcher.accepted)
  return [total, ofLamp, perSecond.toFixed(0), changes * ofLamp - times.length, ...figures, spent.toFixed(2), memoryOf(node.child.pid)]
}

/** The first NOTIFYs have all arrived. */
async function quiet() {
  for (let before = -1, now = 0; before !== now; before = now, now = count((watcher) => watcher.heard.length))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
}

/** A phone with a user of its own. */
async function newWatcher(index) {
  const [device, extension] = [`HD1${String(index).padStart(3, '0')}`, `2${String(index).padStart(3, '0')}`]
  await network.directory.putUser(extension, { name: `User ${extension}`, home: 'bench' })
  await network.directory.putDevice(device, { site: 'bench', hotdesk: true, password: new network.Secret('bench'), location: 'here' })
  await network.store.call('hotdesk_login', extension, device)
  return openWatcher({ device, password: new network.Secret('bench'), port: Number(node.sip.split(':')[1]), from: network.from })
}

async function allHeard(wanted) {
  const deadline = performance.now() + 10_000
  while (count((watcher) => watcher.heard.length) < wanted && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5))
  return watchers.flatMap((watcher) => watcher.heard)
}

function count(of) {
  return watchers.reduce((sum, watcher) => sum + of(watcher), 0)
}

function share(times, part) {
  const sorted = times.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(0)
}
