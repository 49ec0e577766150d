// Runs SIPp as a load and reads what it measured.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const address = '127.0.0.1'

/** A UDP port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').bind(0, address, () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}

/** Starts a SIPp that answers; `end()` ends it. */
export function answering(scenario, port, more = []) {
  const child = spawn('sipp', [...scenarioArgs(scenario), '-i', address, '-p', port, '-nostdin', ...more].map(String), { stdio: 'ignore' })
  return { pid: child.pid, end: () => child.kill('SIGKILL') }
}

/** Calls at a rate for some seconds; answers counts, response times in ms and the CPU of SIPp. */
export async function load({ scenario, target, rate, seconds, port, more = [] }) {
  const folder = await mkdtemp(path.join(tmpdir(), 'hotdesk-bench-'))
  const total = Math.round(rate * seconds)
  const args = [
    target,
    ...scenarioArgs(scenario),
    '-i',
    address,
    '-p',
    port ?? (await freePort()),
    '-r',
    rate,
    '-m',
    total,
    '-l',
    Math.max(2_000, rate * 8),
  ]
  args.push('-nostdin', '-trace_rtt', '-rtt_freq', 100, '-trace_stat', '-fd', 1, '-timeout', seconds + 40, ...more)
  const child = spawn('sipp', args.map(String), { cwd: folder, stdio: 'ignore' })
  const exitCode = await new Promise((resolve) => child.once('exit', resolve))
  const stats = await readStats(folder)
  const times = await readTimes(folder)
  await rm(folder, { recursive: true, force: true })
  return { exitCode, total, ...stats, times: quantiles(times) }
}

function scenarioArgs(scenario) {
  return scenario.endsWith('.xml') ? ['-sf', scenario] : ['-sn', scenario]
}

async function filesIn(folder, pattern) {
  return (await readdir(folder)).filter((name) => pattern.test(name)).map((name) => path.join(folder, name))
}

async function readStats(folder) {
  const [file] = await filesIn(folder, /\d_\.csv$/)
  const rows = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => line.split(';'))
  const last = Object.fromEntries(rows[0].map((name, index) => [name, rows.at(-1)[index]]))
  return {
    ok: Number(last['SuccessfulCall(C)']),
    failed: Number(last['FailedCall(C)']),
    retransmissions: Number(last['Retransmissions(C)']),
  }
}

async function readTimes(folder) {
  const [file] = await filesIn(folder, /_rtt\.csv$/)
  if (!file) return []
  const lines = (await readFile(file, 'utf8')).trim().split('\n').slice(1)
  return lines.map((line) => Number(line.split(';')[1])).filter(Number.isFinite)
}

function quantiles(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
