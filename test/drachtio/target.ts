import { execFile } from 'node:child_process'
import * as fs from 'node:fs'
import { connect } from 'node:net'

/** A program is started for each node of the tests; a server that runs has one node after the other. */
export type Target =
  | { readonly kind: 'program'; readonly path: string }
  | { readonly kind: 'running'; readonly host: string; readonly port: number }

/** Null where it is neither. */
export function targetIn(text: string): Target | null {
  const [, host = '', port] = /^([A-Za-z0-9.-]+|\[[0-9a-f:]+\]):(\d{1,5})$/i.exec(text) ?? []
  if (port !== undefined && Number(port) > 0 && Number(port) < 65_536) return { kind: 'running', host, port: Number(port) }
  return fs.existsSync(text) && fs.statSync(text).isFile() ? { kind: 'program', path: fs.realpathSync(text) } : null
}

/** The version that the server reports. Rejects in words if there is none. */
export function versionOf(target: Target, secret: string): Promise<string> {
  return target.kind === 'program' ? printedVersion(target.path) : toldVersion(target, secret)
}

function printedVersion(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, ['--version'], { timeout: 5_000 }, (fault, out, err) => {
      const version = `${out}${err}`.trim().split('\n')[0] ?? ''
      if (/v?\d+\.\d+/.test(version)) resolve(version)
      else reject(new Error(`${path} --version prints no version${fault ? ` (${fault.message.split('\n')[0]})` : ''}`))
    })
  })
}

/** By `authenticate` of the admin protocol. */
function toldVersion({ host, port }: Extract<Target, { kind: 'running' }>, secret: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const place = `${host}:${port}`
    const socket = connect({ host: host.replace(/[[\]]/g, ''), port })
    const fail = (words: string): void => {
      socket.destroy()
      reject(new Error(words))
    }
    let heard = ''
    socket.setTimeout(5_000, () => fail(`nothing at ${place} speaks drachtio's admin protocol`))
    socket.on('error', (fault) => fail(`no drachtio-server at ${place}: ${fault.message}`))
    socket.on('close', () => fail(`the server at ${place} closed the connection`))
    const frame = `version|authenticate|${secret}|`
    socket.on('connect', () => socket.write(`${Buffer.byteLength(frame)}#${frame}`))
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text
      const [, verdict, , version = ''] = /\|response\|version\|([^|]*)\|([^|]*)\|?([^|]*)/.exec(heard) ?? []
      if (verdict !== 'OK' && verdict !== undefined) fail(`the server at ${place} refused the secret; set HOTDESK_DRACHTIO_SECRET`)
      if (verdict !== 'OK') return
      resolve(version)
      socket.destroy()
    })
  })
}
