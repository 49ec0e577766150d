import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { startChild } from '../process/child.js'

/** A TCP port where connections are asked for in vain, as behind a firewall that drops what it does not like. */
export interface DeafPort {
  readonly port: number
  close(): void
}

/** Takes no connection from its queue, and stands still. */
const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
  console.log(this.address().port)
  setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 50)
})`

export async function openDeafPort(): Promise<DeafPort> {
  const child = startChild(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (!child.stdout) throw new Error('no output')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const port = Number(line)
  await new Promise((resolve) => void setTimeout(resolve, 300))
  // The queue is full with these; the next one hears nothing.
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await new Promise((resolve) => void setTimeout(resolve, 200))
  return {
    port,
    close() {
      for (const socket of waiting) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}
