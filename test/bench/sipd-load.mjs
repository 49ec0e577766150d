// sipd alone, without an application: how many REGISTER transactions it absorbs, whether its memory stays flat over a million of them,
// and what idle TCP connections cost. `npm run bench sipd-load`, or with fewer: `node test/bench/sipd-load.mjs --transactions 200000`.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { cpuOf, machine, memoryOf, table } from './parts/machine.mjs'

const here = import.meta.dirname
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    transactions: { type: 'string', default: '1000000' },
    connections: { type: 'string', default: '20000' },
  },
})
const seconds = Number(values.seconds)
/** Room for many connections, as far as the system lets us. */
const raised = 'ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn)'

console.log(`\nsipd alone: REGISTERs from a hundred addresses, each answered 503, ${seconds} s a rate\n`)
console.log(await withServer(rates))
console.log(`\nsipd alone: ${values.transactions} REGISTER transactions, as fast as they are answered\n`)
console.log(await withServer(transactions))
console.log('\nsipd alone: idle TCP connections\n')
console.log(await withServer(connections))

async function rates(server) {
  const rows = [['a second', 'answered', 'lost', 'p50 ms', 'p99', 'server µs each', 'idle %', 'steal %']]
  await part('registering', server.sip, 2_000, 4_000)
  for (const rate of [2_000, 5_000, 10_000]) {
    const before = { cpu: cpuOf(server.pid), machine: machine(), at: performance.now() }
    const { answered, lost, p50, p99 } = await part('registering', server.sip, rate, rate * seconds)
    const lasted = performance.now() - before.at
    const share = (key) => (((machine()[key] - before.machine[key]) / lasted) * 100).toFixed(0)
    const each = (((cpuOf(server.pid) - before.cpu) * 1_000) / (rate * seconds)).toFixed(0)
    rows.push([rate, answered, lost, p50, p99, each, share('idle'), share('steal')])
  }
  return table(rows)
}

async function transactions(server) {
  const steps = 10
  const rows = [['transactions', 'lost', 'a second', 'server MB']]
  rows.push([0, 0, '', memoryOf(server.pid)])
  for (let step = 1; step <= steps; step++) {
    const { lost, perSecond } = await part('registering', server.sip, 0, Number(values.transactions) / steps)
    rows.push([(Number(values.transactions) / steps) * step, lost, perSecond, memoryOf(server.pid)])
  }
  return table(rows)
}

async function connections(server) {
  // Some files are open besides.
  const total = Math.min(Number(values.connections), Math.floor(mostFiles() * 0.75) - 100)
  const before = memoryOf(server.pid)
  const child = limited('connected', server.tcp, total)
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const rows = [
    ['connections', 'answered', 'server MB before', 'with them', 'KB each'],
    [total, JSON.parse(line).answered, before, memoryOf(server.pid), (((memoryOf(server.pid) - before) * 1_024) / total).toFixed(1)],
  ]
  child.kill()
  await once(child, 'exit')
  return table(rows)
}

async function withServer(measure) {
  const child = limited('sipd-process', path.join(here, '../../dist'))
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  try {
    return await measure({ ...JSON.parse(line), pid: child.pid })
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

async function part(name, ...words) {
  const child = limited(name, ...words)
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return JSON.parse(line)
}

function mostFiles() {
  return Number(execFileSync('sh', ['-c', `${raised}; ulimit -n`], { encoding: 'utf8' }))
}

function limited(name, ...words) {
  const command = `${raised}; exec "$0" "$@"`
  const args = ['-c', command, process.execPath, path.join(here, `parts/${name}.mjs`), ...words.map(String)]
  return spawn('sh', args, { stdio: ['ignore', 'pipe', 'inherit'] })
}
