import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { sampleAuthorities } from './tls-sample.js'

/** TLS for a phone that has none: what it says over TCP goes on over one TLS connection, which stays while the phone's own come and go. */
export interface TlsTunnel {
  /** `127.0.0.1:41234`: the phone sends there instead of to the server. */
  readonly address: string
  close(): Promise<void>
}

export interface TlsTunnelParts {
  /** The server, `127.0.0.1:5061`. */
  readonly server: string
  /** Where the phone hears what comes while it has no connection of its own. */
  readonly phonePort: number
}

export async function openTlsTunnel({ server, phonePort }: TlsTunnelParts): Promise<TlsTunnel> {
  const [host = '', port = ''] = server.split(':')
  const far: TLSSocket = connectTls({ host, port: Number(port), ca: sampleAuthorities })
  await once(far, 'secureConnect')
  let near: Socket | null = null

  function adopt(socket: Socket): Socket {
    near = socket
    socket.on('data', (bytes: Buffer) => far.write(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (near === socket) near = null
    })
    return socket
  }

  const listening = createServer(adopt)
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  far.on('data', (bytes: Buffer) => (near ?? adopt(connectTcp(phonePort, '127.0.0.1'))).write(bytes))
  far.on('error', () => undefined)
  return {
    address: `127.0.0.1:${(listening.address() as AddressInfo).port}`,
    async close() {
      far.destroy()
      near?.destroy()
      await new Promise((resolve) => listening.close(resolve))
    },
  }
}
