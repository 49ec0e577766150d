import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { errors, messageOf } from '../base/errors.js'
import { Secret } from '../base/secret.js'

/** Two PEM files: a certificate with its chain, and the key it is for. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

/** What is in them. */
export interface TlsPair {
  readonly certificate: string
  readonly key: Secret
  /** When it ends, epoch milliseconds. */
  readonly until: number
}

/** What is wrong with one of the files. */
interface TlsProblem {
  readonly file: keyof TlsFiles
  readonly message: string
}

export type TlsReading = { readonly pair: TlsPair } | { readonly problems: readonly TlsProblem[] }

/** Reads both, and sees whether they are what they should be and belong together. */
export function readTlsFiles(files: TlsFiles): TlsReading {
  const certificate = read('certificate', files.certificate, (text) => new X509Certificate(text), 'has no certificate in PEM form')
  const key = read('key', files.key, createPrivateKey, 'has no private key in PEM form that can be read without a password')
  if ('problem' in certificate || 'problem' in key)
    return { problems: [certificate, key].flatMap((found) => ('problem' in found ? found.problem : [])) }
  if (!certificate.value.checkPrivateKey(key.value))
    return { problems: [{ file: 'key', message: `${files.key} is not the key of the certificate in ${files.certificate}` }] }
  return { pair: { certificate: certificate.text, key: new Secret(key.text), until: Date.parse(certificate.value.validTo) } }
}

/** The same where nothing but a pair will do. @throws AppError CONFIG_INVALID */
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
    // What OpenSSL says of it helps nobody, and of a key it should say nothing.
    return { problem: { file, message: `${path} ${otherwise}` } }
  }
}
