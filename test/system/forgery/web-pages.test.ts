import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { sampleAuthorities, tlsSampleFiles } from '../../support/net/tls-sample.js'
import type { TestNode } from '../../support/node/node.js'
import { openTestOffice, type TestOffice } from '../../support/node/office.js'

/** A page somewhere on the web that opens a WebSocket to the node of whoever looks at it. */
describe('web pages of other hosts', () => {
  let office: TestOffice
  const nodes: Record<string, TestNode> = {}

  beforeAll(async () => {
    office = await openTestOffice()
    const { certificate, key } = tlsSampleFiles('first')
    const env = {
      HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:0,ws://127.0.0.1:0,wss://127.0.0.1:0',
      HOTDESK_SIP_TLS_CERTIFICATE: certificate,
      HOTDESK_SIP_TLS_KEY: key,
    }
    nodes.default = await office.node('paris-1', 'paris', { env })
    nodes.list = await office.node('paris-2', 'paris', { env: { ...env, HOTDESK_SIP_ORIGINS: 'https://phones.example' } })
  }, 60_000)

  afterAll(() => office.close())

  /** The status of the handshake. */
  function handshake(node: string, protocol: 'ws' | 'wss', origin: string | null): Promise<number> {
    const socket = new WebSocket(`${protocol}://${nodes[node]?.address(protocol) ?? ''}`, 'sip', {
      ca: sampleAuthorities,
      ...(origin !== null && { origin }),
    })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('unexpected-response', (_request, response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      socket.once('open', () => {
        socket.terminate()
        resolve(101)
      })
    })
  }

  it.each(['ws', 'wss'] as const)('get 403 over %s; phones and pages of the same host connect', async (protocol) => {
    expect(await handshake('default', protocol, 'https://evil.example')).toBe(403)
    expect(await handshake('default', protocol, 'null')).toBe(403)
    expect(await handshake('default', protocol, 'https://127.0.0.1')).toBe(101)
    expect(await handshake('default', protocol, null)).toBe(101)
  })

  it.each(['ws', 'wss'] as const)('get 403 over %s where `sip.origins` lists others', async (protocol) => {
    expect(await handshake('list', protocol, 'https://127.0.0.1')).toBe(403)
    expect(await handshake('list', protocol, 'https://phones.example')).toBe(101)
    expect(await handshake('list', protocol, null)).toBe(101)
  })
})
