// The whole node: sipd, drachtio-srf, registrar, routing, PIN dialogue, Redis. `npm run bench node`
// `--profile` measures the calls only and shows where the time of the node's threads went.
// Calls come from a trunk, are for a user, and ring the phone where the user sits; all UDP on loopback, everything on this machine.
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cpuOf, machine, memoryOf, table } from './parts/machine.mjs'
import { furnish, startNode, stopNode } from './parts/node.mjs'
import { profileOf, profiling } from './parts/profile.mjs'
import { answering, freePort, load } from './parts/sipp.mjs'

const here = import.meta.dirname
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '10' }, profile: { type: 'boolean', default: false } },
})
const rates = positionals.length > 0 ? positionals.map(Number) : [50, 100, 200, 300]
const seconds = Number(values.seconds)

const [trunkPort, calleePort] = [await freePort(), await freePort()]
const profile = values.profile ? await profiling() : null
const node = await startNode(trunkPort, profile?.words)
const network = await furnish(node)
let callee
try {
  console.log('\nThe whole node\n')
  if (!profile) console.log(`${await registrations()}\n`)
  else await register()
  callee = answering('uas', calleePort)
  console.log(`${await calls()}\n`)
  if (!profile) console.log(await logins())
} finally {
  callee?.end()
  await network.close()
  await stopNode(node)
}
if (profile) console.log(await profileOf(profile.folder))

/** What the node spends meanwhile, for each of `total` things. */
async function spending(total, run) {
  const before = { cpu: cpuOf(node.child.pid), machine: machine(), at: performance.now() }
  const result = await run()
  const lasted = performance.now() - before.at
  const share = (key) => (((machine()[key] - before.machine[key]) / lasted) * 100).toFixed(0)
  return { ...result, cpu: ((cpuOf(node.child.pid) - before.cpu) / total).toFixed(2), idle: share('idle'), steal: share('steal') }
}

function registering(rate, lasting) {
  const more = ['-key', 'device', 'HD0001', '-au', 'HD0001', '-ap', 'bench']
  return load({ scenario: path.join(here, 'parts/register.xml'), target: node.sip, rate, seconds: lasting, port: calleePort, more })
}

/** SIPp knows MD5 alone: a node that has seen such a phone give up offers only that the next time. */
async function register() {
  if ((await registering(1, 1)).ok === 0) await registering(1, 1)
}

async function registrations() {
  await register()
  const rows = [['registrations/s', 'failed', 'retrans', 'p50 ms', 'p95', 'p99', 'node ms each', 'idle %', 'steal %']]
  for (const rate of [100, 300, 600]) {
    const spent = await spending(rate * seconds, () => registering(rate, seconds))
    rows.push([
      rate,
      spent.failed,
      spent.retransmissions,
      spent.times.p50,
      spent.times.p95,
      spent.times.p99,
      spent.cpu,
      spent.idle,
      spent.steal,
    ])
  }
  return table(rows)
}

async function calls() {
  await network.store.call('hotdesk_login', '100', 'HD0001')
  const scenario = path.join(here, 'parts/call.xml')
  const more = ['-s', '+3314000100']
  const rows = [['calls/s', 'failed', 'retrans', 'p50 ms', 'p95', 'p99', 'node ms/call', 'node MB', 'idle %', 'steal %']]
  await load({ scenario, target: node.sip, rate: 50, seconds: 4, port: trunkPort, more })
  for (const rate of rates) {
    const spent = await spending(rate * seconds, () => load({ scenario, target: node.sip, rate, seconds, port: trunkPort, more }))
    const { p50, p95, p99 } = spent.times
    rows.push([rate, spent.failed, spent.retransmissions, p50, p95, p99, spent.cpu, memoryOf(node.child.pid), spent.idle, spent.steal])
  }
  return table(rows)
}

/** From the beginning of the last key press to the assignment in the copy of another Redis client. */
async function logins() {
  const { createSoftphones } = await network.from('softphones/softphones.js')
  const { store, systemClock, silentLogger, Secret } = network
  const bank = await createSoftphones({ clock: systemClock, log: silentLogger() })
  const phone = bank.phone({ device: 'HD0002', password: new Secret('bench'), node: node.sip, domain: 'hotdesk.example' })
  await phone.register()
  const times = []
  for (let i = 0; i < 10; i++) {
    await store.call('hotdesk_logout', 'HD0002', 'now')
    const dialled = await (await phone.dial('*77*101*')).result
    if (dialled.outcome !== 'answered') throw new Error(`the dial code was answered ${dialled.answer.status}`)
    await dialled.call.hears(5)
    const seated = new Promise((resolve) => {
      const off = store.replica.onChange(() => {
        if (store.replica.hash('devices')?.get('HD0002') !== '101') return
        off()
        resolve(performance.now())
      })
    })
    await dialled.call.audio.press('4711')
    const pressed = performance.now()
    await dialled.call.audio.press('#')
    times.push((await seated) - pressed)
    await dialled.call.ended
  }
  await bank.close()
  const sorted = times.toSorted((a, b) => a - b)
  return `# to the assignment in Redis: median ${sorted[5].toFixed(0)} ms, longest ${sorted.at(-1).toFixed(0)} ms, of ${times.length} logins`
}
