import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { pause, systemClock } from '../../../src/base/clock.js'
import { startChild } from '../process/child.js'

/** A TCP port that accepts no connection, as behind a firewall that drops SYNs. */
export interface DeafPort {
  readonly port: number
  close(): void
}

/** Listens and accepts nothing, because it is stopped. */
const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  process.stdout.write(this.address().port + '\\n', () => process.kill(process.pid, 'SIGSTOP'))
})`

export async function openDeafPort(): Promise<DeafPort> {
  const child = startChild(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (!child.stdout) throw new Error('no output')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const port = Number(line)
  while (!isStopped(child.pid)) await pause(systemClock, 5)
  // Linux completes one connection more than the backlog. The kernel does not answer the next SYN.
  const waiting = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(waiting.map((socket) => once(socket, 'connect')))
  for (const socket of waiting) socket.on('error', () => undefined)
  return {
    port,
    close() {
      for (const socket of waiting) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}

function isStopped(pid: number | undefined): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T ')
}
