import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../support/net/free-port.js'
import { createWorkplace, type Program, type Workplace } from '../../support/node/program.js'
import { samplePlanText } from '../../support/node/sample-plan.js'
import { startTestRedis, type TestRedis } from '../../support/redis/redis.js'

/** A node that runs at ports of its own, seen by other commands of its configuration while Redis is away. */
describe('while a node runs and Redis is down', () => {
  let redis: TestRedis
  let place: Workplace
  let node: Program
  let env: Record<string, string>
  let http: string

  beforeAll(async () => {
    redis = await startTestRedis()
    place = await createWorkplace()
    const [sip, web] = [await freePort(), await freePort()]
    http = `http://127.0.0.1:${web}`
    env = { HOTDESK_SIP_LISTEN: `udp://127.0.0.1:${sip},tcp://127.0.0.1:${sip}`, HOTDESK_HTTP_LISTEN: `127.0.0.1:${web}` }
    const lines = ['node: paris-1', 'site: paris', 'secret: a secret of the tests, and of no network', `redis: unix://${redis.socket}`]
    await writeFile(join(place.folder, 'hotdesk.yaml'), `${lines.join('\n')}\nsip: { domain: hotdesk.test }\n`)
    await mkdir(join(place.folder, 'dialplans'))
    await writeFile(join(place.folder, 'dialplans/paris.yaml'), samplePlanText('paris'))
    node = place.run(['start'], { env })
    await node.printed(/Press Ctrl-C to stop/)
    await redis.kill()
    await node.printed(/"event":"store\.waiting"/)
  })
  afterAll(async () => {
    await place.close()
    await redis.close()
  })

  async function run(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
    const program = place.run(args, { env })
    const code = await program.exited
    return { code, output: program.output() }
  }

  it('/healthz says which node it is, and /readyz warns that there is no trunk for emergency calls', async () => {
    expect(await (await fetch(`${http}/healthz`)).json()).toMatchObject({ status: 'alive', node: 'paris-1', site: 'paris', network: 'hd' })
    const answer = await fetch(`${http}/readyz`)
    expect(await answer.json()).toMatchObject({
      warnings: ['no trunk for emergency calls: the dial plan has none in use (paris-carrier: enabled is no)'],
    })
  })

  it('doctor recognizes it, reports its problems and does not advise stopping it', async () => {
    const { code, output } = await run('doctor')
    expect(code).toBe(1)
    expect(output).toMatch(new RegExp(`✓ {2}node +paris-1 runs \\(process ${node.pid}\\)`))
    expect(output.match(/is in use by the node$/gm)).toHaveLength(3)
    expect(output).toMatch(/✗ {2}node +Redis is lost: nothing listens at the address of Redis/)
    expect(output).toMatch(/✗ {2}node +no trunk for emergency calls.*\n +→ set the address of your carrier in the dial plan/)
    expect(output).toMatch(/✗ {2}redis +nothing listens at the address of Redis/)
    expect(output).not.toMatch(/another program|end it|kill/)
  })

  it('a second start says that it runs already, and does not disturb it', async () => {
    const { code, output } = await run('start')
    expect(code).toBe(1)
    expect(output).toContain(`the node paris-1 of this configuration is already running (process ${node.pid}); nothing was started`)
    expect(output).not.toMatch(/end it|in use by another/)
    expect((await fetch(`${http}/healthz`)).status).toBe(200)
  })

  it('sipd names the process that has the port and does not advise stopping it', async () => {
    const listen = env.HOTDESK_SIP_LISTEN?.split(',')[0] ?? ''
    const program = place.run(['sipd', '--listen', listen, '--admin', '127.0.0.1:0'], { env: { HOTDESK_DRACHTIO_SECRET: 'cymru' } })
    expect(await program.exited).toBe(1)
    expect(program.output()).toMatch(new RegExp(`is in use by \\S+ \\(process ${node.pid}\\)`))
    expect(program.output()).not.toMatch(/end it|kill/)
  })

  it('`drain --stay`, `drain` of another node and `undrain` say what to do instead', async () => {
    const [stay, other, undrain] = await Promise.all([run('drain', '--stay'), run('drain', '--node', 'paris-2'), run('undrain')])
    expect([stay.code, other, undrain.code]).toEqual([1, stay, 1])
    expect(stay.output).toMatch(/\(STORE_UNAVAILABLE\)\n +→ run .*hotdesk drain.* without --stay on the machine of the node, as its user/)
    expect(undrain.output).toMatch(/→ start Redis.*; without Redis, only a restart makes a draining node take calls again/)
    expect((await fetch(`${http}/healthz`)).status).toBe(200)
  })

  // The last test: afterwards the node has ended.
  it('`drain` signals its process, which takes no new calls and ends with 0', async () => {
    const { code, output } = await run('drain')
    expect(code).toBe(0)
    expect(output).toMatch(
      new RegExp(`^paris-1: nothing listens .*, so process ${node.pid} was signalled \\(SIGUSR2\\)\nparis-1: ended$`, 'm'),
    )
    expect(await node.exited).toBe(0)
    expect(node.output()).toMatch(/"event":"node\.draining".*SIGUSR2 drains this node/)
    expect(node.output()).toMatch(/^Stopped\.$/m)
  })
})
