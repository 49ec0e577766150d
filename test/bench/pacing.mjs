// How evenly prompts are sent, and what it costs. `npm run build && node test/bench/pacing.mjs [sessions] [seconds] [dist folder]`
// The receiver sits in a thread of its own; on a machine with one CPU, or with CPU time stolen, it is the receiver that is late.
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const address = '127.0.0.1'

if (isMainThread) await measure(Number(process.argv[2] ?? 500), Number(process.argv[3] ?? 10), path.resolve(process.argv[4] ?? 'dist'))
else receive(workerData.sessions)

async function measure(sessions, seconds, dist) {
  const load = (name) => import(pathToFileURL(path.join(dist, name)).href)
  const [{ createMedia }, { loadClip }] = [await load('media/media.js'), await load('media/sound/clip.js')]
  const [{ systemClock, pause }, { silentLogger }] = [await load('base/clock.js'), await load('base/logger.js')]
  const receiver = new Worker(new URL(import.meta.url), { workerData: { sessions } })
  const ports = await said(receiver)

  const { clip } = await loadClip('prompts/en/locked.wav', 'locked')
  const media = createMedia({ addresses: [address], ports: { from: 10_000, to: 31_999 }, clock: systemClock, log: silentLogger() })
  for (const port of ports) {
    const { session, outcome } = await media.answer(offer(port))
    if (!session) throw new Error(outcome)
    void repeat(session, clip)
  }
  await pause(systemClock, 1_000)
  receiver.postMessage('begin')
  const before = { cpu: process.threadCpuUsage?.() ?? process.cpuUsage(), steal: steal(), at: performance.now() }
  await pause(systemClock, seconds * 1_000)
  const spent = process.threadCpuUsage ? process.threadCpuUsage(before.cpu) : process.cpuUsage(before.cpu)
  const lasted = (performance.now() - before.at) / 1_000
  const stolen = steal() - before.steal
  receiver.postMessage('end')
  const { packets, quantiles } = await said(receiver)
  await media.close()
  await receiver.terminate()

  const cpu = ((spent.user + spent.system) / 1e4 / lasted).toFixed(0)
  const whose = process.threadCpuUsage ? 'the sending thread' : 'sender and receiver together'
  console.log(`${sessions} sessions, ${(packets / lasted).toFixed(0)} packets/s (${sessions * 50} wanted), ${cpu} % of a CPU for ${whose}`)
  console.log(`|gap - 20 ms|: ${quantiles.map(([share, ms]) => `p${share} ${ms.toFixed(2)}`).join(', ')} ms; ${stolen} jiffies stolen`)
}

function said(worker) {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

async function repeat(session, clip) {
  while ((await session.play([clip]).finished) === 'played');
}

function offer(port) {
  return ['v=0', `o=- 1 1 IN IP4 ${address}`, 's=-', `c=IN IP4 ${address}`, 't=0 0', `m=audio ${port} RTP/AVP 0`, ''].join('\r\n')
}

/** CPU time that the host gave to others, in 10 ms. */
function steal() {
  return Number(readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/)[8])
}

function receive(sessions) {
  const gaps = []
  let isMeasuring = false
  const sockets = Array.from({ length: sessions }, () => {
    let last = null
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 18 })
    socket.on('message', () => {
      const now = performance.now()
      if (isMeasuring && last !== null) gaps.push(Math.abs(now - last - 20))
      last = now
    })
    return socket
  })
  const bound = sockets.map((socket) => new Promise((resolve) => socket.bind(0, address, () => resolve(socket.address().port))))
  void Promise.all(bound).then((ports) => parentPort.postMessage(ports))
  parentPort.on('message', (what) => {
    isMeasuring = what === 'begin'
    if (isMeasuring) return
    gaps.sort((a, b) => a - b)
    const quantiles = [50, 95, 99, 99.9].map((share) => [share, gaps[Math.floor((gaps.length * share) / 100)] ?? 0])
    parentPort.postMessage({ packets: gaps.length, quantiles })
  })
}
