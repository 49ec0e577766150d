import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server that gives every GET the same answer, and writes down what it was asked. */
export interface WebServer {
  readonly url: string
  readonly asked: readonly URL[]
  close(): Promise<void>
}

export interface WebAnswer {
  readonly status: number
  readonly text: string
  /** Until then the server keeps whoever asks waiting. */
  readonly when?: Promise<void>
}

/** `silent` takes questions and never answers. */
export async function openWebServer(answer: WebAnswer | 'silent'): Promise<WebServer> {
  const asked: URL[] = []
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://127.0.0.1'))
    if (answer === 'silent') return
    const say = () => void response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.text)
    if (answer.when) void answer.when.then(say)
    else say()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
