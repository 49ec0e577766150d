import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { errors, messageOf } from '../base/errors.js'
import { Secret } from '../base/secret.js'

/** Two PEM files: a certificate with its chain, and its private key. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

/** Their content. */
export interface TlsPair {
  readonly certificate: string
  readonly key: Secret
  /** Expiry, epoch milliseconds. */
  readonly until: number
}

/** A problem with one of the files. */
interface TlsProblem {
  readonly file: keyof TlsFiles
  readonly message: string
}

export type TlsReading = { readonly pair: TlsPair } | { readonly problems: readonly TlsProblem[] }

/** Reads both files and checks that they are valid and belong together. */
export function readTlsFiles(files: TlsFiles): TlsReading {
  const certificate = read('certificate', files.certificate, (text) => new X509Certificate(text), 'has no certificate in PEM form')
  const key = read('key', files.key, createPrivateKey, 'has no private key in PEM form that can be read without a password')
  if ('problem' in certificate || 'problem' in key)
    return { problems: [certificate, key].flatMap((found) => ('problem' in found ? found.problem : [])) }
  if (!certificate.value.checkPrivateKey(key.value))
    return { problems: [{ file: 'key', message: `${files.key} is not the key of the certificate in ${files.certificate}` }] }
  return { pair: { certificate: certificate.text, key: new Secret(key.text), until: Date.parse(certificate.value.validTo) } }
}

/** The same if there must be a pair. @throws AppError CONFIG_INVALID */
export function tlsPairOf(files: TlsFiles): TlsPair {
  const reading = readTlsFiles(files)
  if ('pair' in reading) return reading.pair
  throw errors.CONFIG_INVALID.tlsFiles({ problems: reading.problems.map(({ message }) => message).join('; ') })
}

type Found<Value> = { readonly text: string; readonly value: Value } | { readonly problem: TlsProblem }

function read<Value>(file: keyof TlsFiles, path: string, parse: (text: string) => Value, otherwise: string): Found<Value> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (fault) {
    return { problem: { file, message: `${path} cannot be read (${messageOf(fault)})` } }
  }
  try {
    return { text, value: parse(text) }
  } catch {
    // OpenSSL's message does not help, and about a key it must not be shown.
    return { problem: { file, message: `${path} ${otherwise}` } }
  }
}
