import { execFile } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../net/free-port.js'
import { removeFolder } from '../process/remove-folder.js'
import { launchRedis, type RedisProcess } from './redis-process.js'

const run = promisify(execFile)

/** A directory with an authority of its own, `ca.pem`, and a certificate from it for 127.0.0.1. */
export interface TlsDirectory {
  readonly directory: string
  /** PEM text. */
  readonly ca: string
  /** A server that speaks nothing but TLS. */
  launch(words?: readonly string[]): Promise<RedisProcess>
  /** A sentinel that watches it, and speaks nothing but TLS. */
  launchSentinel(watched: RedisProcess): Promise<RedisProcess>
  close(): Promise<void>
}

export async function makeTlsDirectory(): Promise<TlsDirectory> {
  const directory = await mkdtemp(join(tmpdir(), 'hotdesk-tls-'))
  const path = (name: string): string => join(directory, name)
  await certify(directory)
  const running: RedisProcess[] = []
  const files = ['tls-cert-file', path('server.pem'), 'tls-key-file', path('server.key'), 'tls-ca-cert-file', path('ca.pem')]
  const tls = [...files, 'tls-auth-clients', 'no']

  async function start(port: number, words: readonly string[]): Promise<RedisProcess> {
    const server = await launchRedis({ port, words, cliWords: ['--tls', '--cacert', path('ca.pem')] })
    running.push(server)
    return server
  }

  return {
    directory,
    ca: await readFile(path('ca.pem'), 'utf8'),
    async launch(words = []) {
      const port = await freePort()
      const common = ['port', '0', 'tls-port', String(port), 'bind', '127.0.0.1', 'dir', directory, 'save', '', 'daemonize', 'no', ...tls]
      return start(port, [...common.map((word, index) => (index % 2 === 0 ? `--${word}` : word)), ...words])
    },
    async launchSentinel({ port: watched }) {
      const port = await freePort()
      const settings = pairs([
        'port',
        '0',
        'tls-port',
        String(port),
        'bind',
        '127.0.0.1',
        'dir',
        directory,
        'tls-replication',
        'yes',
        ...tls,
      ])
      await writeFile(path('sentinel.conf'), [...settings, `sentinel monitor desk 127.0.0.1 ${watched} 1`].join('\n'))
      return start(port, [path('sentinel.conf'), '--sentinel'])
    },
    async close() {
      for (const server of running) await server.kill()
      await removeFolder(directory)
    },
  }
}

function pairs(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => (index % 2 === 0 ? [`${word} ${words[index + 1]}`] : []))
}

async function certify(directory: string): Promise<void> {
  const openssl = (...words: readonly string[]) => run('openssl', words, { cwd: directory })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=hotdesk test authority')
  await openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=redis of a hotdesk test')
  await writeFile(join(directory, 'names'), 'subjectAltName=IP:127.0.0.1')
  const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
  await openssl('x509', '-req', '-in', 'server.csr', ...authority, '-out', 'server.pem', '-days', '2')
}
