import type { FastifyInstance, FastifyReply, FastifyRequest } from '../http/http.js'
import { callerOf } from './access/caller.js'
import type { WebAnswer, WebRequest } from './answers.js'

/** Adds `/p/…`, where phones fetch everything. */
export function addPhoneRoutes(router: FastifyInstance, answer: (request: WebRequest) => Promise<WebAnswer>): void {
  async function handle({ raw, url }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = askedIn(url)
    if (!asked) return reply.code(404).send()
    const { status, headers, body } = await answer({ ...asked, caller: callerOf(raw), ifNoneMatch: raw.headers['if-none-match'] ?? '' })
    return reply.code(status).headers(headers).send(body)
  }

  router.get(`${root}*`, handle)
  // Phones upload logs and copies of their directories (Poly); the body is not read.
  for (const method of ['PUT', 'POST', 'DELETE'] as const)
    router.route({
      method,
      url: `${root}*`,
      onRequest: (_request, reply) => void reply.code(405).header('allow', 'GET, HEAD').header('connection', 'close').send(),
      handler: () => undefined,
    })
}

const root = '/p/'
const longestTarget = 1_000

function askedIn(url: string): Pick<WebRequest, 'path' | 'query'> | null {
  if (url.length > longestTarget) return null
  const [target = '', ...query] = url.split('?')
  try {
    return { path: decodeURIComponent(target.slice(root.length)), query: new URLSearchParams(query.join('?')) }
  } catch {
    // A broken percent-encoding is a path that nobody has.
    return null
  }
}
