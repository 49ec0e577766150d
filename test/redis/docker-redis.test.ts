import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Secret } from '../../src/base/secret.js'
import type { RedisTarget } from '../../src/config/config.js'
import { hotdeskLibrary } from '../../src/hotdesk/hotdesk.js'
import { installLibrary } from '../../src/store/store.js'
import { freePort } from '../support/net/free-port.js'
import { keepLog } from '../support/node/kept-log.js'
import { temporaryFolder } from '../support/process/temporary-folder.js'
import { type DeskNode, device, extension, openDeskNode, pin } from '../support/redis/redis-network.js'
import { launchRedis, type RedisProcess } from '../support/redis/redis-process.js'

const docker = resolve(import.meta.dirname, '../../docker')

/** The Redis of compose.yaml: its configuration, with the users that secrets.sh makes. */
describe('the Redis of docker/compose.yaml', () => {
  let folder: string
  let server: RedisProcess
  let node: DeskNode
  const { log, lines } = keepLog()
  const secret = (file: string): string => readFileSync(join(folder, 'secrets', file), 'utf8')
  const makeSecrets = (): string => execFileSync('sh', [join(folder, 'secrets.sh')], { encoding: 'utf8' })
  const passwordIn = (file: string): string => /^HOTDESK_REDIS_PASSWORD=(.*)$/m.exec(secret(file))?.[1] ?? ''

  /** As `docker compose exec redis redis-cli` does it. */
  function asUser(user: string, password: string, ...words: readonly string[]): string {
    const env = { PATH: process.env.PATH, REDISCLI_AUTH: password }
    return execFileSync('redis-cli', ['-p', String(server.port), '--user', user, ...words], { env, encoding: 'utf8' }).trim()
  }

  beforeAll(async () => {
    folder = temporaryFolder('docker')
    cpSync(join(docker, 'secrets.sh'), join(folder, 'secrets.sh'))
    makeSecrets()
    const port = await freePort()
    mkdirSync(join(folder, 'data'))
    // Another port, and folders of the test; everything else is as it is in the container.
    const here: Record<string, string> = { port: String(port), dir: join(folder, 'data'), aclfile: join(folder, 'secrets/users.acl') }
    const conf = readFileSync(join(docker, 'redis.conf'), 'utf8').replaceAll(
      /^(port|dir|aclfile) .*$/gm,
      (_, key: string) => `${key} ${here[key]}`,
    )
    writeFileSync(join(folder, 'redis.conf'), conf)
    server = await launchRedis({ port, words: [join(folder, 'redis.conf')] })
    const access = {
      username: 'hotdesk-node',
      password: new Secret(passwordIn('hotdesk.env')),
      sentinelPassword: null,
      isEncrypted: false,
      ca: null,
    }
    const place: RedisTarget = { kind: 'url', url: new Secret(`redis://127.0.0.1:${port}`), access }
    const installer = { ...access, username: 'hotdesk-install', password: new Secret(passwordIn('redis-install.env')) }
    const redis = { kind: 'url', url: new Secret(`redis://127.0.0.1:${port}`), access: installer } as const
    expect(await installLibrary({ redis, network: 'hd', functions: hotdeskLibrary, override: 'now' })).toMatchObject({
      outcome: 'INSTALLED',
    })
    node = await openDeskNode({ directory: folder, place }, { log })
  })
  afterAll(async () => {
    await node.close()
    await server.kill()
  })

  it('serves a node with the password of its file, and saves its data to disk', async () => {
    expect(node.store.state).toBe('connected')
    expect(await node.hotdesk.login({ extension: extension('100'), device: device('HD0001'), pin: pin('4711') })).toEqual({
      outcome: 'LOGGED_IN',
    })
    expect(readdirSync(join(folder, 'data'))).toContain('appendonlydir')
    expect(asUser('operator', secret('redis-operator.password'), 'CONFIG', 'GET', 'maxmemory-policy')).toContain('noeviction')
  })

  it('refuses everybody without a password, and shows them only that it exists', async () => {
    expect(await server.cli('HGETALL', '{hd}:devices')).toMatch(/^NOAUTH/)
    expect(await server.cli('PING')).toMatch(/PONG|NOAUTH/)
  })

  it('shows a dashboard who is logged in where, and nothing more', () => {
    const view = (...words: readonly string[]): string => asUser('hotdesk-view', secret('redis-view.password'), ...words)
    expect(view('FCALL_RO', 'hotdesk_who', '1', '{hd}', 'HD0001')).toBe('OCCUPIED 100')
    expect(view('HDEL', '{hd}:devices', 'HD0001')).toMatch(/^NOPERM/)
    expect(view('HGETALL', '{hd}:user:100')).toMatch(/^NOPERM/)
  })

  it('has secrets of this installation alone, which nobody else may read', () => {
    const passwords = ['hotdesk.env', 'grafana.env', 'redis-install.env', 'redis-view.password', 'redis-operator.password']
    expect(readdirSync(join(folder, 'secrets')).sort()).toEqual([...passwords, 'users.acl'].sort())
    expect(passwords.map((file) => statSync(join(folder, 'secrets', file)).mode & 0o777)).toEqual(passwords.map(() => 0o600))
    const values = passwords.flatMap((file) => secret(file).match(/[0-9a-f]{64}/g) ?? [])
    expect(new Set(values).size).toBe(6)
    // The file that Redis reads may be read by all.
    expect(values.filter((value) => secret('users.acl').includes(value))).toEqual([])
    expect(lines.filter((line) => values.some((value) => line.includes(value)))).toEqual([])
  })

  it('keeps existing secrets, and rewrites the permissions', () => {
    const before = [secret('hotdesk.env'), secret('users.acl')]
    writeFileSync(join(folder, 'secrets/users.acl'), 'user default reset off\n')
    expect(makeSecrets()).toBe('')
    expect([secret('hotdesk.env'), secret('users.acl')]).toEqual(before)
    expect(asUser('operator', secret('redis-operator.password'), 'ACL', 'LOAD')).toBe('OK')
  })
})
