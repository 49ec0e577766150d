// sipd and the minimal application `createB2BUA` between two SIPp, UDP on loopback: what the reference figures measure.
// `npm run bench sipd-calls`, or with rates: `node test/bench/sipd-calls.mjs 300 475 950 --seconds 30`.
// `--profile` shows where the server's time went, and the application's.
// `--drachtio <admin port>:<SIP port>:<pid>:<secret>` measures a drachtio-server that runs already, in the same way.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { busiestOf, cpuOf, machine, memoryOf, table, threadsOf } from './parts/machine.mjs'
import { profileOf, profiling } from './parts/profile.mjs'
import { address, answering, freePort, load } from './parts/sipp.mjs'

const here = import.meta.dirname
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    drachtio: { type: 'string' },
    profile: { type: 'boolean', default: false },
    dist: { type: 'string', default: path.join(here, '../../dist') },
  },
})
/** Measured once, over 30 s each; 475 calls/s is its edge. Only what was measured in one sitting compares well: `--drachtio`. */
const reference = [
  ['calls/s', 'failed', 'retrans', 'p50 ms', 'p95', 'p99', 'server ms/call', 'app ms/call'],
  [300, 0, 0, 4, 24, 52, '2.6', '1.3'],
  [475, 0, 0, 8, 52, 80, '2.0', '1.05'],
  [500, '0.1 %', 540, 24, 140, 636, '2.0', '1.0'],
  [550, '0.9 %', 2034, 52, 604, 1540, '1.8', '0.95'],
]
const rates = positionals.length > 0 ? positionals.map(Number) : [100, 300, 475]
const seconds = Number(values.seconds)

const server = values.drachtio ? given(values.drachtio) : await started()
const calleePort = await freePort()
const callee = answering('uas', calleePort)
const applicationProfile = values.profile ? await profiling() : null
const application = spawn(
  process.execPath,
  [
    ...(process.env.HD_NODE_WORDS?.split(' ') ?? []),
    ...(applicationProfile?.words ?? []),
    path.join(here, 'parts/b2bua.mjs'),
    server.admin,
    server.secret,
    `sip:callee@${address}:${calleePort}`,
  ].map(String),
)
await once(createInterface({ input: application.stdout }), 'line')

const rows = [
  ['calls/s', 'failed', 'retrans', 'p50 ms', 'p95', 'p99', 'server ms/call', 'its thread', 'app ms/call', 'server MB', 'idle %', 'steal %'],
]
try {
  await call(50, 4)
  for (const rate of rates) rows.push(await call(rate, seconds))
} finally {
  application.kill()
  callee.end()
  await server.end()
}
console.log(`\n${values.drachtio ? 'drachtio-server' : 'sipd'} + createB2BUA, UDP, ${seconds} s a rate, everything on this machine\n`)
console.log(table(rows))
console.log(`\nFor comparison, drachtio-server 0.9.10 on two cores of that kind, with nothing else on them:\n\n${table(reference)}`)
for (const profile of [server.profile, applicationProfile]) {
  if (profile) console.log(`\n${profile === applicationProfile ? 'The application' : 'The server'}\n\n${await profileOf(profile.folder)}`)
}

async function call(rate, lasting) {
  const before = {
    server: cpuOf(server.pid),
    threads: threadsOf(server.pid),
    app: cpuOf(application.pid),
    machine: machine(),
    at: performance.now(),
  }
  const scenario = path.join(here, 'parts/call.xml')
  const { total, failed, retransmissions, times } = await load({ scenario, target: `${address}:${server.sip}`, rate, seconds: lasting })
  const spent = (pid, from) => ((cpuOf(pid) - from) / total).toFixed(2)
  const lasted = performance.now() - before.at
  const share = (key) => (((machine()[key] - before.machine[key]) / lasted) * 100).toFixed(0)
  const { p50, p95, p99 } = times
  return [
    rate,
    failed,
    retransmissions,
    p50,
    p95,
    p99,
    spent(server.pid, before.server),
    (busiestOf(server.pid, before.threads) / total).toFixed(2),
    spent(application.pid, before.app),
    memoryOf(server.pid),
    share('idle'),
    share('steal'),
  ]
}

async function started() {
  const profile = values.profile ? await profiling() : null
  const words = [
    ...(process.env.HD_NODE_WORDS?.split(' ') ?? []),
    ...(profile?.words ?? []),
    path.join(here, 'parts/sipd-process.mjs'),
    path.resolve(values.dist),
  ]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const exited = once(child, 'exit')
  const end = async () => {
    child.kill()
    await exited
  }
  return { ...JSON.parse(line), pid: child.pid, secret: 'bench', profile, end }
}

function given(text) {
  const [admin, sip, pid, secret] = text.split(':')
  return { admin: Number(admin), sip: Number(sip), pid: Number(pid), secret, end: () => undefined }
}
