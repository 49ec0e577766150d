import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/base/errors.js'
import { type Config, loadConfig, parseConfig } from '../../../src/config/config.js'
import { options } from '../../../src/config/schema/schema.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'

const least = 'node: paris-1\nsite: paris\nsip: { domain: hotdesk.example }\n'

function parse(text: string, env: Record<string, string> = {}): Config {
  return parseConfig({ text, file: '/etc/hotdesk/hotdesk.yaml', env, cwd: '/', purpose: 'look' })
}

/** The message of the one error that must come. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (fault) {
    if (fault instanceof AppError && fault.code === 'CONFIG_INVALID') return fault.message
    throw fault
  }
  throw new Error('was accepted')
}

describe('a configuration file', () => {
  test('needs three lines; everything else has a default', () => {
    const config = parse(least)
    expect(config).toMatchObject({
      node: 'paris-1',
      site: 'paris',
      network: 'hd',
      drachtio: 'embedded',
      redis: { kind: 'embedded' },
      http: { address: '127.0.0.1', port: 8080 },
      data: '/etc/hotdesk/data',
      sample: false,
    })
    expect(config.sip.listen).toEqual([
      { protocol: 'udp', address: '0.0.0.0', port: 5060 },
      { protocol: 'tcp', address: '0.0.0.0', port: 5060 },
    ])
    expect(config.sip.timers).toEqual({ t1: 500, t2: 4000, t4: 5000 })
    expect(config.media.ports).toEqual({ from: 20000, to: 24999 })
  })

  test('accepts a list as text with commas', () => {
    const listen = (written: string): unknown =>
      parse(least.replace('sip: {', `sip: { listen: ${written},`)).sip.listen.map(({ protocol, port }) => `${protocol} ${port}`)
    expect(listen('"udp://127.0.0.1:5070, tcp://127.0.0.1:5071"')).toEqual(['udp 5070', 'tcp 5071'])
    expect(listen('udp://127.0.0.1:5070')).toEqual(['udp 5070'])
    expect(refusal(() => listen('"udp://127.0.0.1:5070 tcp://127.0.0.1:5071"'))).toMatch(
      /hotdesk\.yaml:3:8 +sip\.listen\[0\]: expected an address such as udp:\/\/0\.0\.0\.0:5060, found "udp:\/\/127\.0\.0\.1:5070 tcp/,
    )
    expect(refusal(() => listen('""'))).toMatch(/sip\.listen: missing: expected at least one address/)
    expect(refusal(() => listen('tls://127.0.0.1:5061'))).toMatch(/sip\.tls: missing/)
    expect(refusal(() => listen('{ udp: 5060 }'))).toMatch(/sip\.listen: expected a list such as \[one, two\], found a block/)
  })

  test('is deeply frozen', () => {
    const config = parse(least)
    expect(Object.isFrozen(config) && Object.isFrozen(config.sip) && Object.isFrozen(config.sip.timers)).toBe(true)
  })

  test('reports all problems at once, with file, line, key and what was expected', () => {
    const message = refusal(() =>
      parse(
        [
          'node: Paris 1',
          'sit: paris',
          'sip:',
          '  domain: hotdesk.example',
          '  lisen: []',
          '  listen: ["udp:0.0.0.0:1",',
          '    tcp://0.0.0.0:99999]',
          'redis: redis://192.0.2.1:6379',
          'http: { listen: 80 }',
        ].join('\n'),
      ),
    )
    expect(message.split('\n')).toEqual([
      'hotdesk.yaml: 8 problems',
      '  hotdesk.yaml:1:1   node: expected a name of small letters, digits and -, found "Paris 1"',
      '  hotdesk.yaml:1:1   site: missing: expected a name of small letters, digits and -',
      '  hotdesk.yaml:1:1   secret: missing: nodes that share a Redis need the same secret; make one with `openssl rand -hex 32`',
      expect.stringMatching(/^ {2}hotdesk\.yaml:2:1 +sit: unknown key; known here: node, site, network/),
      expect.stringMatching(/^ {2}hotdesk\.yaml:5:3 +sip\.lisen: unknown key; known here: domain, listen, advertise/),
      '  hotdesk.yaml:6:12  sip.listen[0]: expected an address such as udp://0.0.0.0:5060, found "udp:0.0.0.0:1"',
      '  hotdesk.yaml:7:5   sip.listen[1]: expected an address such as udp://0.0.0.0:5060, found "tcp://0.0.0.0:99999"',
      '  hotdesk.yaml:9:9   http.listen: expected an address such as 0.0.0.0:8080, found "80"',
    ])
  })

  test('that is not YAML is refused, with line and column', () => {
    expect(refusal(() => parse('node: paris-1\nsite: [\n'))).toMatch(/hotdesk\.yaml:3:1 /)
    expect(refusal(() => parse('node: paris-1\nnode: paris-2\n'))).toMatch(/hotdesk\.yaml:2:1 .*unique/)
    expect(refusal(() => parse('just words'))).toMatch(/expected a block of keys/)
  })

  test('never shows a secret, right or wrong', () => {
    const text = `${least}secret: short-secret\nredis: redis//user:hunter2@h\ndrachtio: { url: "tcp://192.0.2.1:9022", secret: "" }\n`
    const message = refusal(() => parse(text))
    expect(message).toMatch(/secret: expected at least 16 characters/)
    expect(message).toMatch(/redis\.url: expected embedded/)
    expect(message).not.toMatch(/hunter2|short-secret/)
    const config = parse(`${least}secret: 0123456789abcdef\nredis: redis://:hunter2@192.0.2.1:6379\n`)
    expect(JSON.stringify(config)).not.toMatch(/hunter2|0123456789abcdef/)
  })

  test('names a Redis by URL, by socket, by its sentinels or as a cluster', () => {
    const secret = `${least}secret: 0123456789abcdef\n`
    const url = parse(`${secret}redis: rediss://192.0.2.1:6380\n`).redis
    expect(url.kind === 'url' && url.url.reveal()).toBe('rediss://192.0.2.1:6380')
    expect(parse(`${secret}redis: unix:///run/redis.sock\n`).redis.kind).toBe('url')
    expect(parse(`${secret}redis: { sentinels: ["s1:26379", "[2001:db8::2]:26379"], name: hotdesk }\n`).redis).toMatchObject({
      kind: 'sentinel',
      sentinels: [
        { host: 's1', port: 26379 },
        { host: '2001:db8::2', port: 26379 },
      ],
      name: 'hotdesk',
    })
    expect(refusal(() => parse(`${secret}redis: { sentinels: ["s1:26379"] }\n`))).toMatch(/redis\.name: missing/)
    expect(parse(`${secret}redis: { cluster: ["c1:6379", "c2:6379"], tls: yes }\n`).redis).toMatchObject({
      kind: 'cluster',
      servers: [
        { host: 'c1', port: 6379 },
        { host: 'c2', port: 6379 },
      ],
      access: { isEncrypted: true, username: null, ca: null },
    })
    expect(refusal(() => parse(`${secret}redis: { sentinels: ["s1:1"], name: x, cluster: ["c1:1"] }\n`))).toMatch(
      /redis\.cluster: expected only one of url, sentinels and cluster, found sentinels and cluster/,
    )
    expect(refusal(() => parse(`${secret}redis: { cluster: [] }\n`))).toMatch(/at least one host:port/)
    expect(refusal(() => parse('node: paris-1\nsite: paris\nsip: { domain: x }\nredis: { cluster: ["c1:1"] }\n'))).toMatch(/^.*secret/m)
  })

  test('keeps the password of Redis secret, and reads the trusted authorities', () => {
    const folder = temporaryFolder('config')
    writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n')
    writeFileSync(join(folder, 'none.pem'), 'nothing')
    const read = (redis: string): Config =>
      parseConfig({
        text: `${least}secret: 0123456789abcdef\nredis: ${redis}\n`,
        file: join(folder, 'hotdesk.yaml'),
        env: { HOTDESK_REDIS_PASSWORD: 'opensesame' },
        cwd: '/',
        purpose: 'look',
      })
    const { redis } = read('{ cluster: ["c1:6379"], username: hotdesk-node, ca: ca.pem }')
    expect(redis).toMatchObject({ access: { username: 'hotdesk-node' } })
    expect(redis.kind === 'cluster' && redis.access?.ca).toContain('BEGIN CERTIFICATE')
    expect(JSON.stringify(redis)).not.toContain('opensesame')
    expect(redis.kind === 'cluster' && redis.access?.password?.reveal()).toBe('opensesame')
    expect(refusal(() => read('{ cluster: ["c1:6379"], ca: none.pem }'))).toMatch(/redis\.ca: has no certificate/)
    expect(refusal(() => read('{ cluster: ["c1:6379"], ca: away.pem }'))).toMatch(/redis\.ca: cannot be read/)
    const byUrl = read('rediss://c1:6379').redis
    expect(byUrl.kind === 'url' && byUrl.access?.password?.reveal()).toBe('opensesame')
  })

  test('confirms a login when the primary has it, or when replicas have it too', () => {
    const secret = `${least}secret: 0123456789abcdef\n`
    expect(parse(least).durability).toBe('local')
    expect(parse(`${secret}redis: { url: redis://192.0.2.1, durability: replicated }\n`).durability).toBe('replicated')
    expect(refusal(() => parse(`${least}redis: { durability: replicated }\n`))).toMatch(/embedded Redis has no replica/)
    expect(refusal(() => parse(`${secret}redis: { url: redis://192.0.2.1, durability: disk }\n`))).toMatch(/expected local or replicated/)
  })

  test('advertises the address it listens on, and one of the machine when it listens on all', () => {
    const only = parse(`${least.replace('hotdesk.example', 'hotdesk.example, listen: ["udp://127.0.0.1:5060"]')}`)
    expect(only.sip.advertise).toBeNull()
    expect(only.media.addresses[0]).toBe('127.0.0.1')
    expect(parse(least).sip.advertise).toMatch(/^[0-9.]+$/)
    expect(parse(least).sip.advertise).not.toBe('0.0.0.0')
  })

  test('has one media address for each address family', () => {
    const listening = (listen: string) => parse(least.replace('hotdesk.example', `hotdesk.example, listen: ${listen}`)).media.addresses
    expect(listening('["udp://[2001:db8::1]:5060", "udp://192.0.2.1:5060"]')).toEqual(['2001:db8::1', '192.0.2.1'])
    expect(listening('["udp://[::1]:5060"]')).toEqual(['::1', '127.0.0.1'])
    const set = (address: string) => parse(`${least}media: { address: ${address} }\n`).media.addresses
    expect(set('192.0.2.7')).toEqual(['192.0.2.7'])
    expect(set('"192.0.2.7, 2001:db8::7"')).toEqual(['192.0.2.7', '2001:db8::7'])
    expect(set('["2001:db8::7", 192.0.2.7]')).toEqual(['2001:db8::7', '192.0.2.7'])
    expect(refusal(() => set('"192.0.2.7, 192.0.2.8"'))).toMatch(/one of IPv4 and one of IPv6/)
    expect(parse(least, { HOTDESK_MEDIA_ADDRESS: '192.0.2.7,2001:db8::7' }).media.addresses).toHaveLength(2)
  })
})

describe('the environment', () => {
  test('overrides every setting by its mechanical name', () => {
    const config = parse(`${least}secret: 0123456789abcdef\n`, {
      HOTDESK_NODE: 'paris-2',
      HOTDESK_SIP_LISTEN: 'udp://127.0.0.1:5070, tcp://127.0.0.1:5070',
      HOTDESK_SIP_TIMERS_T1: '50',
      HOTDESK_DRACHTIO: 'tcp://192.0.2.1:9022',
      HOTDESK_DRACHTIO_SECRET: 'cymru',
      HOTDESK_REDIS_SENTINELS: 's1:26379,s2:26379',
      HOTDESK_REDIS_NAME: 'hotdesk',
    })
    expect(config.node).toBe('paris-2')
    expect(config.sip.listen).toHaveLength(2)
    expect(config.sip.timers.t1).toBe(50)
    expect(config.drachtio !== 'embedded' && config.drachtio.secret.reveal()).toBe('cymru')
    expect(config.redis).toMatchObject({ kind: 'sentinel', name: 'hotdesk' })
  })

  test('adds the secret of a drachtio-server whose address is in the file', () => {
    const config = parse(`${least}drachtio: tcp://192.0.2.1:9022\n`, { HOTDESK_DRACHTIO_SECRET: 'cymru' })
    expect(config.drachtio).toMatchObject({ host: '192.0.2.1', port: 9022 })
  })

  test('is named in problems, and a variable without a setting is refused', () => {
    const message = refusal(() => parse(least, { HOTDESK_LOG_LEVEL: 'loud', HOTDESK_SPI_DOMAIN: 'x', PATH: '/bin' }))
    expect(message).toMatch(/HOTDESK_LOG_LEVEL +log\.level: expected one of trace, debug, info, warn, error, silent, found "loud"/)
    expect(message).toMatch(/HOTDESK_SPI_DOMAIN +no setting has this name/)
    expect(message).not.toMatch(/PATH/)
  })

  test('has one variable for each setting', () => {
    const variables = options.map(({ variable }) => variable)
    expect(new Set(variables).size).toBe(variables.length)
    expect(options.find(({ key }) => key === 'sip.domain')?.variable).toBe('HOTDESK_SIP_DOMAIN')
    expect(options.every(({ description }) => description !== '')).toBe(true)
  })
})

describe('loading', () => {
  const folder = (): string => temporaryFolder('config')

  test('without a file gives the sample, with a generated secret that is kept', () => {
    const cwd = folder()
    const first = loadConfig({ cwd, env: {} })
    const second = loadConfig({ cwd, env: {} })
    expect(first).toMatchObject({ node: 'paris-1', site: 'paris', network: 'hd', sample: true, redis: { kind: 'embedded' } })
    expect(first.secret.length).toBe(64)
    expect(second.secret.reveal()).toBe(first.secret.reveal())
    expect(statSync(join(cwd, 'data/network-secret')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(cwd, 'data/network-secret'), 'utf8').trim()).toBe(first.secret.reveal())
  })

  test('listens on loopback as the sample, whose passwords are published, unless `sip.listen` is given', () => {
    const addressesOf = (env: Record<string, string>) =>
      loadConfig({ cwd: folder(), env, purpose: 'look' }).sip.listen.map(({ protocol, address }) => `${protocol} ${address}`)
    expect(addressesOf({})).toEqual(['udp 127.0.0.1', 'tcp 127.0.0.1'])
    expect(addressesOf({ HOTDESK_SIP_LISTEN: 'udp://0.0.0.0:5060' })).toEqual(['udp 0.0.0.0'])
    const shared = { HOTDESK_REDIS: 'redis://redis.example', HOTDESK_SECRET: 'a secret of 16 and more' }
    expect(addressesOf(shared)).toEqual(['udp 0.0.0.0', 'tcp 0.0.0.0'])
    expect(parse(least).sip.listen.map(({ address }) => address)).toEqual(['0.0.0.0', '0.0.0.0'])
  })

  test('creates no sample users, whose PINs are published, in a shared Redis', () => {
    const env = { HOTDESK_REDIS: 'redis://redis.example', HOTDESK_SECRET: '0123456789abcdef' }
    expect(loadConfig({ cwd: folder(), env }).sample).toBe(false)
  })

  test('with purpose `look` writes nothing', () => {
    const cwd = folder()
    loadConfig({ cwd, env: {}, purpose: 'look' })
    expect(() => statSync(join(cwd, 'data'))).toThrow(/ENOENT/)
  })

  test('reads hotdesk.yaml in the folder, the file named by HOTDESK_CONFIG, or the one given', () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'hotdesk.yaml'), least)
    writeFileSync(join(cwd, 'other.yaml'), least.replace('paris-1', 'paris-9'))
    expect(loadConfig({ cwd, env: {}, purpose: 'look' })).toMatchObject({ node: 'paris-1', sample: false, data: join(cwd, 'data') })
    expect(loadConfig({ cwd, env: { HOTDESK_CONFIG: 'other.yaml' }, purpose: 'look' }).node).toBe('paris-9')
    expect(loadConfig({ file: 'other.yaml', cwd, env: {}, purpose: 'look' }).node).toBe('paris-9')
    expect(refusal(() => loadConfig({ file: 'none.yaml', cwd, env: {} }))).toMatch(/none\.yaml.*cannot be read/s)
  })

  test('reads the dial plan beside the file; the packaged one is for the sample alone', () => {
    const cwd = folder()
    const packaged = join(import.meta.dirname, '../../../dialplans/paris.yaml')
    expect(loadConfig({ cwd, env: {}, purpose: 'look' }).dialplan).toBe(packaged)
    const shared = { HOTDESK_REDIS: 'redis://redis.example', HOTDESK_SECRET: '0123456789abcdef' }
    expect(loadConfig({ cwd, env: shared, purpose: 'look' }).dialplan).toBe(join(cwd, 'dialplans/paris.yaml'))
    writeFileSync(join(cwd, 'hotdesk.yaml'), least)
    expect(loadConfig({ cwd, env: {}, purpose: 'look' }).dialplan).toBe(join(cwd, 'dialplans/paris.yaml'))
    expect(loadConfig({ cwd, env: { HOTDESK_DIALPLAN: 'mine.yaml' }, purpose: 'look' }).dialplan).toBe(join(cwd, 'mine.yaml'))
    expect(loadConfig({ cwd, env: { HOTDESK_SITE: 'rome' }, purpose: 'look' }).dialplan).toBe(join(cwd, 'dialplans/rome.yaml'))
  })
})

describe('the numbers that set the behaviour', () => {
  test('have documented defaults', () => {
    expect(parse(least)).toMatchObject({
      login: { tries: 3, firstDigitSeconds: 5, nextDigitSeconds: 3, silenceSeconds: 10, answerMilliseconds: 500 },
      pin: { minDigits: 4, maxDigits: 10, issuedDigits: 6 },
      lockout: {
        user: { failures: 3, windowSeconds: 300, lockSeconds: 900, perPhoneAndDay: 10, freePerDay: 20, perDay: 40 },
        device: { failures: 10, windowSeconds: 900, lockSeconds: 900, perDay: 50 },
      },
      registration: { minSeconds: 60, maxSeconds: 3600, defaultSeconds: 3600 },
      emergency: { quietSeconds: 600, callBackMinutes: 180 },
    })
  })

  test('can be set within limits', () => {
    expect(parse(`${least}lockout: { user: { failures: 5 } }\n`, { HOTDESK_LOGIN_TRIES: '2' })).toMatchObject({
      login: { tries: 2, firstDigitSeconds: 5 },
      lockout: { user: { failures: 5, windowSeconds: 300 } },
    })
    expect(refusal(() => parse(`${least}login: { tries: 0 }\n`))).toMatch(/login\.tries: expected a number, 1 to 10, found "0"/)
    expect(refusal(() => parse(`${least}registration: { minSeconds: 90, defaultSeconds: 60 }\n`))).toMatch(
      /registration: expected .* growing order/,
    )
    expect(refusal(() => parse(`${least}lockout: { user: { freePerDay: 5 } }\n`))).toMatch(/lockout\.user: expected .* growing order/)
    expect(refusal(() => parse(`${least}pin: { minDigits: 8 }\n`))).toMatch(/pin: expected .* growing order/)
  })
})
