// A phone over UDP that registers, watches many lamps and answers every NOTIFY at once.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

const domain = 'hotdesk.example'
const most = 20

export async function openWatcher({ device, password, port, from }) {
  const { answerChallenge, chooseChallenge, printCredentials } = await from('sip/auth/digest.js')
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const own = `127.0.0.1:${socket.address().port}`
  const waiting = new Map()
  const watched = new Map()
  const seen = new Set()
  let challenge = null
  let count = 0
  let next = 0
  const watcher = {
    accepted: 0,
    /** When each NOTIFY arrived since `begin`. */
    heard: [],
    begin: () => {
      watcher.heard = []
    },
    watching: (name) => watched.get(name) ?? 0,
    async subscribe(name, times) {
      watched.set(name, times)
      const queue = Array.from({ length: times }, () => name)
      await Promise.all(Array.from({ length: most }, () => turn(queue)))
    },
    close: () => socket.close(),
  }

  async function turn(queue) {
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const headers = ['Event: dialog', 'Accept: application/dialog-info+xml', 'Expires: 3600']
      await accepted('SUBSCRIBE', `sip:${name}@${domain}`, headers)
      watcher.accepted += 1
    }
  }

  /** The node may learn of the phone and its user a moment later. */
  async function accepted(method, uri, headers) {
    let status = 0
    for (let tries = 0; tries < 50; tries += 1) {
      status = await ask(method, uri, headers)
      if (status === 200) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`${device} got ${status} to ${method} ${uri}`)
  }

  /** Answers a challenge once; then every request has credentials. */
  async function ask(method, uri, headers) {
    next += 1
    const callId = `${device}-${next}`
    for (let cseq = 1; ; cseq += 1) {
      const { status, text } = await send(method, uri, { callId, cseq, headers })
      if ((status !== 401 && status !== 407) || cseq > 3) return status
      challenge = chooseChallenge([...text.matchAll(/^(?:WWW|Proxy)-Authenticate: (.*)\r$/gim)].map(([, value]) => value))
      count = 0
    }
  }

  function send(method, uri, { callId, cseq, headers }) {
    const id = `z9hG4bK-${callId}-${cseq}`
    const to = method === 'REGISTER' ? `sip:${device}@${domain}` : uri
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${own};rport;branch=${id}`,
      'Max-Forwards: 70',
      `From: <sip:${device}@${domain}>;tag=${callId}`,
      `To: <${to}>`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${device}@${own}>`,
      ...headers,
      ...credentials(method, uri),
      'Content-Length: 0',
    ]
    const bytes = `${lines.join('\r\n')}\r\n\r\n`
    return new Promise((resolve) => {
      const again = setInterval(() => socket.send(bytes, port, '127.0.0.1'), 1_000)
      waiting.set(id, (answer) => {
        clearInterval(again)
        resolve(answer)
      })
      socket.send(bytes, port, '127.0.0.1')
    })
  }

  function credentials(method, uri) {
    if (!challenge) return []
    const name = method === 'REGISTER' ? 'Authorization' : 'Proxy-Authorization'
    count += 1
    const answer = answerChallenge(challenge, {
      username: device,
      password,
      uri,
      method,
      body: Buffer.alloc(0),
      cnonce: 'bench',
      count,
    })
    return [`${name}: ${printCredentials(answer)}`]
  }

  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1')
    if (text.startsWith('NOTIFY ')) return answer(text)
    const id = /branch=([^;\r]+)/.exec(text)?.[1]
    const status = Number(text.slice(8, 11))
    if (status < 200) return
    waiting.get(id)?.({ status, text })
    waiting.delete(id)
  })

  function answer(text) {
    // A NOTIFY that was sent again counts once.
    const branch = /branch=([^;\r]+)/.exec(text)?.[1]
    if (!seen.has(branch)) watcher.heard.push(performance.now())
    seen.add(branch)
    const kept = text.split('\r\n').filter((line) => /^(Via|v|From|f|To|t|Call-ID|i|CSeq):/i.test(line))
    socket.send(`SIP/2.0 200 OK\r\n${kept.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`, port, '127.0.0.1')
  }

  await accepted('REGISTER', `sip:${domain}`, ['Expires: 3600'])
  return watcher
}
