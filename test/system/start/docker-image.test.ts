import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../support/net/free-port.js'
import { startTestNode } from '../../support/node/node.js'
import { temporaryFolder } from '../../support/process/temporary-folder.js'
import { startTestRedis } from '../../support/redis/redis.js'
import { copiesOf, readDockerfile } from '../../support/repo/dockerfile.js'

const root = resolve(import.meta.dirname, '../../..')

/** The files of the image, at their places beneath a folder: what the stage `run` of the Dockerfile copies, and nothing else. */
function layOut(): string {
  const image = temporaryFolder('image')
  const run = readDockerfile(readFileSync(join(root, 'docker/Dockerfile'), 'utf8')).find(({ name }) => name === 'run')
  if (!run) throw new Error('there is no stage "run"')
  for (const { sources, target } of copiesOf(run)) for (const source of sources) put(source.replace(/^\/app\//, ''), join(image, target))

  function put(source: string, target: string): void {
    if (source === 'node_modules/') {
      mkdirSync(dirname(target), { recursive: true })
      symlinkSync(join(root, source), target.replace(/\/$/, ''))
    } else
      cpSync(join(root, source), source.endsWith('/') ? target : join(target, source.slice(source.lastIndexOf('/') + 1)), {
        recursive: true,
      })
  }
  return image
}

describe('the image', () => {
  it('has all that a node needs; its health check follows the node; SIGTERM stops it cleanly', async () => {
    const image = layOut()
    const redis = await startTestRedis()
    const port = await freePort()
    const listen = { HOTDESK_HTTP_LISTEN: `0.0.0.0:${port}` }
    const node = await startTestNode({
      node: 'paris-1',
      site: 'paris',
      redis: `unix://${redis.socket}`,
      program: join(image, 'app/dist/main.js'),
      env: listen,
    })
    expect(await health()).toBe(0)
    expect(await node.stop()).toBe(0)
    expect(node.output()).not.toContain('prompt.missing')
    expect(await health()).toBe(1)
    await redis.close()

    /** Its exit code. */
    async function health(): Promise<number | null> {
      const check = execFile(process.execPath, [join(image, 'app/docker/healthcheck.mjs')], {
        cwd: image,
        env: { PATH: process.env.PATH, ...listen },
      })
      const [code] = (await once(check, 'exit')) as [number | null]
      return code
    }
  })
})
