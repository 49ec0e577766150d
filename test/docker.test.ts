import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Config, parseConfig } from '../src/config/config.js'
import { options } from '../src/config/schema/schema.js'
import { temporaryFolder } from './support/process/temporary-folder.js'
import { copiesOf, readDockerfile, type Stage } from './support/repo/dockerfile.js'
import { readTree, root } from './support/repo/source-tree.js'

const text = (path: string): string => readFileSync(join(root, 'docker', path), 'utf8')
const settings = options.map(({ variable }) => variable)
const fallback = (key: string): string => options.find((option) => option.key === key)?.fallback ?? ''
const portOf = (address: string): string => address.slice(address.lastIndexOf(':') + 1)

const stages = readDockerfile(text('Dockerfile'))
const stage = (name: string): Stage => stages.find((each) => each.name === name) ?? { name, from: '', instructions: [] }
const run = stage('run')
const wordsOf = ({ instructions }: Stage, name: string): (readonly string[])[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ words }) => words)

describe('the Dockerfile', () => {
  const kept = text('Dockerfile.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))

  test('copies only what is there and what the build is shown, and all of that', () => {
    const copied = stages.flatMap((each) => copiesOf(each).flatMap(({ from, sources }) => (from === null ? sources : [])))
    const paths = [...new Set(copied.map((source) => source.replace(/\/$/, '')))]
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(copied.filter((source) => source.endsWith('/') !== statSync(join(root, source)).isDirectory())).toEqual([])
    expect(paths.sort()).toEqual(kept.sort())
    expect(text('Dockerfile.dockerignore')).toMatch(/^\*$/m)
  })

  test('takes from the build only what the build makes, and no tool into the image', () => {
    const built = copiesOf(run).flatMap(({ from, sources }) => (from === 'build' ? sources : []))
    expect(built).toEqual(['/app/node_modules/', '/app/dist/'])
    const installed = (name: string): string[] => Array.from(installs(stage(name)), ([, packages = '']) => packages)
    expect([installed('run'), installed('standalone')]).toEqual([['tini'], ['redis-server']])
    expect(wordsOf(stage('build'), 'RUN').flat().join(' ')).toMatch(/npm prune --omit=dev .* rm -rf node_modules\/typescript /)
  })

  function installs(of: Stage) {
    return wordsOf(of, 'RUN')
      .flat()
      .join(' ')
      .matchAll(/--no-install-recommends (\S+)/g)
  }

  test('leaves out no package that the program imports', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
    const names = readTree('src').flatMap(({ path, imports }) =>
      path.endsWith('.ts') ? imports.filter(({ target, name }) => target === null && !isBuiltin(name) && !name.startsWith('.')) : [],
    )
    const packages = new Set(names.map(({ name }) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')))
    expect(packages.size).toBeGreaterThan(10)
    expect([...packages].filter((name) => name === 'typescript' || !(name in dependencies))).toEqual([])
  })

  test('ends as a user who is not root, whichever target is built', () => {
    for (const { name, from } of stages.filter((each) => each.name !== 'build')) {
      const users = [...wordsOf(stage(from), 'USER'), ...wordsOf(stage(name), 'USER')].map(([user]) => user)
      expect([name, users.at(-1)]).toEqual([name, '1000:1000'])
    }
    expect(stages.at(-1)?.name).toBe('node')
  })

  test('has an init, a signal to end by and a health check, and starts a node', () => {
    expect(wordsOf(run, 'ENTRYPOINT').flat().join('')).toBe('["tini","--","hotdesk"]')
    expect(wordsOf(run, 'CMD').flat().join('')).toBe('["start"]')
    expect(wordsOf(run, 'STOPSIGNAL')).toEqual([['SIGTERM']])
    expect(wordsOf(run, 'HEALTHCHECK').flat().join(' ')).toMatch(/CMD \["node", "\/app\/docker\/healthcheck\.mjs"\]$/)
    expect(copiesOf(run).find(({ sources }) => sources.includes('docker/hotdesk'))?.target).toBe('/usr/local/bin/')
    expect(text('hotdesk')).toMatch(/^exec node \/app\/dist\/main\.js "\$@"$/m)
    expect(statSync(join(root, 'docker/hotdesk')).mode & 0o111).toBe(0o111)
  })

  test('exposes the ports of the defaults, and sets nothing that is no setting', () => {
    const sip = fallback('sip.listen').split(', ')
    const ports = [...sip.map((address) => `${portOf(address)}/${address.slice(0, 3)}`), `${portOf(fallback('http.listen'))}/tcp`]
    expect(wordsOf(run, 'EXPOSE').flat()).toEqual(ports)
    const set = Array.from(text('Dockerfile').matchAll(/(HOTDESK_[A-Z_]+)=/g), ([, name]) => name ?? '')
    expect(set).toEqual(['HOTDESK_DATA'])
    expect(settings).toContain('HOTDESK_DATA')
  })

  test('begins with a Node that hotdesk runs on', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
    const [, major] = /^ARG NODE_IMAGE=node:(\d+)-bookworm-slim$/m.exec(text('Dockerfile')) ?? []
    expect(engines.node).toMatch(new RegExp(`^>=${major}\\.`))
  })
})

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly env_file?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly restart?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly volumes: readonly string[]
  readonly network_mode: string
  readonly cap_drop: readonly string[]
}

describe('compose.yaml', () => {
  const compose = parse(text('compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: Readonly<Record<string, null>>
  }
  const services = Object.entries(compose.services)
  const nodes = services.filter(([, { build, command }]) => build !== undefined && command === undefined)
  const secrets = { HOTDESK_SECRET: 'a secret of the tests, and of no network', HOTDESK_REDIS_PASSWORD: 'of the tests' }
  const configs = nodes.map(([name, service]) => configOf(name, service))

  /** As the node of that service reads it. @throws AppError CONFIG_INVALID */
  function configOf(name: string, { environment = {} }: Service): Config {
    const filled = Object.entries(environment).map(([variable, value]) => [
      variable,
      value.replace(/\$\{HOTDESK_ADDRESS:\?[^}]*\}/, '192.0.2.10').replace(/\$\{[A-Z_]+:-([^}]*)\}/, '$1'),
    ])
    const env = { ...Object.fromEntries(filled), ...secrets, HOTDESK_DATA: '/var/lib/hotdesk' } as Record<string, string>
    return parseConfig({ text: text(`${name}/hotdesk.yaml`), file: '/etc/hotdesk/hotdesk.yaml', env, cwd: '/etc/hotdesk', purpose: 'look' })
  }

  test('runs a node at each of two sites, on one Redis, and never the sample network', () => {
    expect(configs.map(({ node, site }) => `${node} ${site}`)).toEqual(['paris-1 paris', 'london-1 london'])
    expect(configs.map(({ sample }) => sample)).toEqual([false, false])
    expect(new Set(configs.map(({ network, sip }) => `${network} ${sip.domain}`)).size).toBe(1)
    for (const { site } of configs) expect(existsSync(join(root, `docker/${site}/dialplans/${site}.yaml`))).toBe(true)
    const conf = text('redis.conf')
    for (const { redis } of configs) {
      if (redis.kind !== 'url') throw new Error(`redis is ${redis.kind}`)
      expect(redis.url.reveal()).toBe(`redis://${/^bind (.*)$/m.exec(conf)?.[1]}:${/^port (.*)$/m.exec(conf)?.[1]}`)
      expect(redis.access?.username).toBe('hotdesk-node')
    }
    expect(conf).toMatch(/^appendonly yes$/m)
  })

  test('gives the nodes of one machine ports of their own, and says which in its head', () => {
    const sip = configs.flatMap((config) => config.sip.listen.map(({ protocol, port }) => `${port}/${protocol}`))
    expect(new Set(sip).size).toBe(4)
    expect(new Set(configs.map(({ http }) => http.port)).size).toBe(2)
    const [first, second] = configs.map(({ media }) => media.ports)
    expect((second?.from ?? 0) - (first?.to ?? 0)).toBe(1)
    expect(`${first?.from}-${second?.to}`).toBe(fallback('media.ports'))
    for (const {
      site,
      sip: { listen },
      media,
    } of configs) {
      const told = new RegExp(
        `^#     ${site} +${listen[0]?.port}/udp ${listen[1]?.port}/tcp +${media.ports.from}-${media.ports.to}/udp$`,
        'm',
      )
      expect(text('compose.yaml')).toMatch(told)
    }
  })

  test('loads the functions once, before a node starts, with a Redis user of their own; a node starts where that fails, too', () => {
    const { command, restart, env_file: files, depends_on: needed } = compose.services.install ?? {}
    expect([command, restart]).toEqual([['redis', 'install', '--now'], 'no'])
    expect(files).toEqual(['secrets/hotdesk.env', 'secrets/redis-install.env'])
    expect(needed).toEqual({ redis: { condition: 'service_healthy', required: false } })
    for (const [, { env_file, depends_on }] of nodes) {
      expect(depends_on).toMatchObject({ install: { condition: 'service_completed_successfully', required: false } })
      expect(env_file).not.toContain('secrets/redis-install.env')
    }
  })

  test('opens nothing to the network but SIP and sound', () => {
    expect(services.map(([, { network_mode }]) => network_mode)).toEqual(services.map(() => 'host'))
    expect(configs.map(({ http }) => http.address)).toEqual(['127.0.0.1', '127.0.0.1'])
    expect(compose.services.prometheus?.command).toContain('--web.listen-address=127.0.0.1:9090')
    expect(compose.services.grafana?.environment?.GF_SERVER_HTTP_ADDR).toBe('127.0.0.1')
    expect(text('redis.conf')).toMatch(/^bind 127\.0\.0\.1$/m)
  })

  test('lets Prometheus ask each node, and call it by its name', () => {
    const { scrape_configs: jobs } = parse(text('prometheus.yml')) as { scrape_configs: { static_configs: unknown[] }[] }
    expect(jobs.flatMap((job) => job.static_configs)).toEqual(
      configs.map(({ node, site, http }) => ({ targets: [`${http.address}:${http.port}`], labels: { node, site } })),
    )
    expect(text('grafana/provisioning/datasources/prometheus.yaml')).toContain('url: http://127.0.0.1:9090\n')
  })

  test('has no secret in it: they are in files that secrets.sh makes', () => {
    const made = Array.from(text('secrets.sh').matchAll(/>([a-z-]+\.[a-z]+)/g), ([, name]) => `secrets/${name}`)
    const wanted = services.flatMap(([, { env_file = [], volumes }]) => [
      ...env_file,
      ...volumes.flatMap((volume) => volume.match(/secrets\/[^:]+/) ?? []),
    ])
    expect([...new Set(wanted)].filter((file) => !made.includes(file))).toEqual([])
    for (const [, { environment = {}, command = [] }] of services)
      expect([...Object.keys(environment), ...command].join()).not.toMatch(/PASSWORD|SECRET|requirepass/)
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toContain('/docker/secrets/\n')
    for (const name of Object.keys(secrets))
      expect([text('secrets.sh').includes(`${name}=`), settings.includes(name)]).toEqual([true, true])
  })

  test('mounts only what is there, and keeps what must last in volumes', () => {
    const mounts = services.flatMap(([name, { volumes }]) => volumes.map((volume) => [name, ...volume.split(':')] as const))
    const lost = mounts.filter(
      ([, from = '']) => from.startsWith('./') && !from.startsWith('./secrets/') && !existsSync(join(root, 'docker', from)),
    )
    expect(lost).toEqual([])
    const kept = mounts.filter(([, from = '']) => !from.startsWith('./')).map(([name, from, to]) => `${name} ${from} ${to}`)
    expect(kept.filter((line) => !(line.split(' ')[1] ?? '' in compose.volumes))).toEqual([])
    expect(kept).toContain('redis redis /data')
    for (const [name] of nodes) {
      expect(kept).toContain(`${name} ${name} ${/HOTDESK_DATA=(\S+)/.exec(text('Dockerfile'))?.[1]}`)
      expect(mounts.find(([of, from]) => of === name && from === `./${name}`)?.[2]).toBe(wordsOf(run, 'WORKDIR').at(-1)?.[0])
    }
  })

  test('builds the image that is here, and pins the others', () => {
    for (const [, { build }] of nodes) expect(existsSync(join(root, 'docker', build?.context ?? '', build?.dockerfile ?? ''))).toBe(true)
    for (const [, { image }] of services) expect(image).toMatch(/^[a-z/]+:(local|v?\d+\.\d+[\w.-]*)$/)
    expect(services.filter(([, { cap_drop }]) => cap_drop[0] !== 'ALL')).toEqual([])
  })

  test('gives Redis users the rights that src/store/README.md gives them', () => {
    const rights = (source: string, pattern: RegExp): Map<string, string> =>
      new Map(Array.from(source.matchAll(pattern), ([, user = '', rules = '']) => [user, rules.replaceAll("'", '')]))
    const documented = rights(
      readFileSync(join(root, 'src/store/README.md'), 'utf8'),
      /^redis-cli ACL SETUSER (\S+) reset on '>[^']+' (.*)$/gm,
    )
    const given = rights(text('secrets.sh'), /^user (hotdesk-\S+) reset on #\$\([^)]*\) (.*)$/gm)
    expect(given.size).toBe(3)
    expect(given.get('hotdesk-node')).not.toContain('function|load')
    expect(given).toEqual(documented)
    expect(text('secrets.sh')).toMatch(/^user default reset off$/m)
  })
})

describe('an installation', () => {
  /** `node` prints what it was started with. */
  function started(here: string, env: Readonly<Record<string, string>> = {}): string {
    const bin = temporaryFolder('bin')
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho "$HOTDESK_CONFIG" "$@"\n', { mode: 0o755 })
    return execFileSync('sh', [join(root, 'docker/hotdesk.sh'), 'status'], {
      cwd: here,
      env: { PATH: `${bin}:${process.env.PATH}`, ...env },
      encoding: 'utf8',
    }).trim()
  }

  test('takes the configuration in /etc/hotdesk, unless another one is named or is in the current folder', () => {
    const here = temporaryFolder('here')
    expect(started(here)).toBe('/etc/hotdesk/hotdesk.yaml /opt/hotdesk/dist/main.js status')
    expect(started(here, { HOTDESK_CONFIG: '/srv/other.yaml' })).toBe('/srv/other.yaml /opt/hotdesk/dist/main.js status')
    writeFileSync(join(here, 'hotdesk.yaml'), '')
    expect(started(here)).toBe('/opt/hotdesk/dist/main.js status')
  })

  test('has a service that gives emergency calls their time, and that systemd understands', () => {
    const unit = text('hotdesk.service')
    expect(unit).toMatch(/^ExecStart=\/usr\/bin\/node \/opt\/hotdesk\/dist\/main\.js --config \/etc\/hotdesk\/hotdesk\.yaml start$/m)
    expect(unit).toMatch(/^TimeoutStopSec=6min$/m)
    expect(unit).toMatch(/^KillMode=mixed$/m)
    if (!existsSync('/usr/bin/systemd-analyze') || !existsSync('/usr/bin/node')) return
    expect(spawnSync('systemd-analyze', ['verify', join(root, 'docker/hotdesk.service')], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
  })
})

test('CHANGELOG has the form of Keep a Changelog, and what is not released on top', () => {
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  const releases = Array.from(changelog.matchAll(/^## (.*)$/gm), ([, title = '']) => title)
  expect(releases[0]).toBe('[Unreleased]')
  expect(releases.slice(1).every((title) => /^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/.test(title))).toBe(true)
  const kinds = Array.from(changelog.matchAll(/^### (.*)$/gm), ([, title = '']) => title)
  expect(kinds.length).toBeGreaterThan(0)
  expect(kinds.filter((kind) => !['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'].includes(kind))).toEqual([])
})
