// How long a command takes as a whole process: `hotdesk --help`, and `hotdesk who HD0001` on a running node.
import { spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'

const setup = path.resolve(import.meta.dirname, '../../src/setup.mjs')
const runs = 9

const folder = fs.mkdtempSync(path.join(tmpdir(), 'hotdesk-bench-'))
const env = {
  ...process.env,
  HOTDESK_DATA: path.join(folder, 'data'),
  HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,tcp://127.0.0.1:0',
  HOTDESK_HTTP_LISTEN: '127.0.0.1:0',
}

/** Seconds of the median run. */
function median(...args) {
  const times = Array.from({ length: runs }, () => {
    const began = performance.now()
    const { status, stderr } = spawnSync(process.execPath, [setup, ...args], { cwd: folder, env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`hotdesk ${args.join(' ')}: ${stderr}`)
    return (performance.now() - began) / 1000
  })
  return times.toSorted((one, other) => one - other)[Math.floor(runs / 2)]
}

const node = spawn(process.execPath, [setup, 'start'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
const ended = new Promise((resolve) => node.once('close', resolve))
try {
  await new Promise((resolve, reject) => {
    let output = ''
    for (const stream of [node.stdout, node.stderr])
      stream.on('data', (text) => {
        output += text
        if (output.includes('"event":"node.started"')) resolve()
      })
    node.once('close', () => reject(new Error(output)))
  })
  for (const args of [['--help'], ['who', 'HD0001']])
    console.log(`hotdesk ${args.join(' ').padEnd(12)} ${median(...args).toFixed(2)} s (median of ${runs})`)
} finally {
  node.kill()
  await ended
  fs.rmSync(folder, { recursive: true, force: true })
}
