import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.js'
import { parseConfig } from '../../src/config/config.js'
import { hookOf, isWanted } from '../../src/webhooks/hook.js'
import { messageOf } from '../../src/webhooks/message.js'

const entry = { id: '1764500000000-3', fields: new Map(Object.entries({ event: 'login', device: 'HD0001', user: '100' })) }

describe('a message', () => {
  it('is signed over id, time and body, as Standard Webhooks defines it', () => {
    const key = Buffer.from('a key of 24 bytes, or so')
    const { headers, body } = messageOf(entry, {
      network: 'hd',
      secret: new Secret(`whsec_${key.toString('base64')}`),
      now: 1_764_500_001_900,
    })
    expect(headers).toMatchObject({ 'webhook-id': 'hd_1764500000000-3', 'webhook-timestamp': '1764500001' })
    const expected = createHmac('sha256', key).update(`hd_1764500000000-3.1764500001.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
    expect(JSON.parse(body)).toEqual({
      type: 'login',
      timestamp: '2025-11-30T10:53:20.000Z',
      data: { id: '1764500000000-3', network: 'hd', device: 'HD0001', user: '100' },
    })
  })

  it('of a secret without whsec_ has that text as its key', () => {
    const { headers, body } = messageOf(entry, { network: 'hd', secret: new Secret('sixteen letters!'), now: 5_000 })
    const expected = createHmac('sha256', 'sixteen letters!').update(`hd_1764500000000-3.5.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
  })
})

describe('patterns', () => {
  it.each([
    ['login', ['login'], true],
    ['login.denied', ['login'], false],
    ['login.denied', ['login*'], true],
    ['emergency.answered', ['login', 'emergency.*'], true],
    ['emergency', ['emergency.*'], false],
    ['logout', ['*'], true],
  ])('%s is wanted by %j: %s', (event, patterns, wanted) => {
    expect(isWanted(event, patterns)).toBe(wanted)
  })
})

describe('settings', () => {
  const withHooks = (webhooks: string) =>
    parseConfig({
      text: `node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\nwebhooks: ${webhooks}\n`,
      file: null,
      env: {},
      cwd: '/tmp',
      purpose: 'look',
    })
  const secret = 'sixteen letters!'

  it('take https, and http to this machine', () => {
    const { webhooks } = withHooks(
      `[{ url: "https://ops.example/x?token=abc", secret: "${secret}", events: [login] }, { url: "http://127.0.0.1:9/", secret: "${secret}" }]`,
    )
    expect(webhooks.map(({ events }) => events)).toEqual([['login'], ['*']])
    expect(JSON.stringify(webhooks)).not.toMatch(/token|sixteen/)
    expect(webhooks.map((each) => hookOf(each).name)[0]).toMatch(/^ops\.example \([0-9a-f]{4}\)$/)
  })

  it.each([
    [`[{ url: "http://ops.example/", secret: "${secret}" }]`, 'webhooks[0].url'],
    [`[{ url: "https://me:word@ops.example/", secret: "${secret}" }]`, 'webhooks[0].url'],
    ['[{ url: "https://ops.example/", secret: "short" }]', 'webhooks[0].secret'],
    [`[{ url: "https://ops.example/", secret: "${secret}", events: ["lo gin"] }]`, 'webhooks[0].events[0]'],
    [`[{ url: "https://a.example/", secret: "${secret}" }, { url: "https://a.example", secret: "${secret}" }]`, 'each url once'],
  ])('refuse %s, without quoting URL or secret', (text, problem) => {
    let says = ''
    try {
      withHooks(text)
    } catch (fault) {
      says = String(fault)
    }
    expect(says).toContain(problem)
    expect(says).not.toMatch(/word@|short/)
  })
})
