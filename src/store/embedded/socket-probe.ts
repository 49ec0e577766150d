import { connect } from 'node:net'

/** True if a Redis answers PING on this Unix socket; false if none listens or it is still loading. */
export async function answersOn(socket: string): Promise<boolean> {
  return (await send(socket, 'PING')).startsWith('+PONG')
}

/** Asks the Redis on this socket to save and exit. */
export async function shutDown(socket: string): Promise<void> {
  await send(socket, 'SHUTDOWN')
}

export async function processIdOn(socket: string): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await send(socket, 'INFO server'))?.[1])
}

/** Sends an inline command. Returns the first chunk of the reply, or an empty text if there is none. */
function send(path: string, command: string): Promise<string> {
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
