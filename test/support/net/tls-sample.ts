import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { Secret } from '../../../src/base/secret.js'
import type { TlsFiles } from '../../../src/config/tls-files.js'
import type { TlsIdentity } from '../../../src/sipd/sipd.js'

const path = (name: string): string => fileURLToPath(new URL(`../../fixtures/tls/${name}.pem`, import.meta.url))

export function tlsSampleFiles(name: 'first' | 'second'): TlsFiles {
  return { certificate: path(`${name}-certificate`), key: path(`${name}-key`) }
}

export function tlsSample(name: 'first' | 'second'): TlsIdentity {
  const { certificate, key } = tlsSampleFiles(name)
  return { certificate: readFileSync(certificate, 'utf8'), key: new Secret(readFileSync(key, 'utf8')), authorities: null }
}

/** Who believes this believes both samples. */
export const sampleAuthorities = tlsSample('first').certificate + tlsSample('second').certificate

/** Whose certificate a server on loopback shows to the next connection: `hotdesk test first`. */
export function shownCertificate(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: sampleAuthorities }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
