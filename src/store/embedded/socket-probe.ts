import { connect } from 'node:net'

/** True when a Redis answers PING on this Unix socket; false when nobody listens or it is still loading. */
export async function answersOn(socket: string): Promise<boolean> {
  return (await converse(socket, 'PING')).startsWith('+PONG')
}

/** Asks the Redis on this socket to write everything down and end. */
export async function shutDown(socket: string): Promise<void> {
  await converse(socket, 'SHUTDOWN')
}

export async function processIdOn(socket: string): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await converse(socket, 'INFO server'))?.[1])
}

/** One inline command; the first piece of the reply, empty when there is none. */
function converse(path: string, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    socket.setTimeout(500, () => end(''))
    socket.once('error', () => end(''))
    socket.once('close', () => end(''))
    socket.once('data', (reply) => end(reply.toString('latin1')))
    socket.write(`${command}\r\n`)
    function end(reply: string): void {
      socket.destroy()
      resolve(reply)
    }
  })
}
