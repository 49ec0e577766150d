import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Answer, decode, encode } from 'dns-packet'

/** A DNS server on loopback. */
export interface DnsServer {
  /** `127.0.0.1:41234` */
  readonly address: string
  /** `SRV _sip._udp.carrier.test`, one for each query. */
  readonly asked: readonly string[]
  /** From now on it does not respond. */
  silence(): void
  close(): Promise<void>
}

/** Has these records; any other name does not exist. */
export async function openDnsServer(records: () => readonly Answer[]): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  let isSilent = false
  socket.on('message', (bytes, { address, port }) => {
    const { id, questions = [] } = decode(bytes)
    const [question] = questions
    if (!question) return
    asked.push(`${question.type} ${question.name}`)
    if (isSilent) return
    const answers = records().filter(({ type, name }) => type === question.type && name === question.name.toLowerCase())
    const nameError = 3
    socket.send(
      encode({ type: 'response', id: id ?? 0, flags: answers.length === 0 ? nameError : 0, questions, answers: [...answers] }),
      port,
      address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    silence() {
      isSilent = true
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}
