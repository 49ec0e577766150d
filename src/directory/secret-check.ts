import { type AppError, errors, isAppError, messageOf } from '../base/errors.js'
import { parseDeviceId } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Seal } from '../base/seal.js'
import type { Store } from '../store/store.js'

/**
 * Compares the secret of this program with the network's, whose fingerprint is in Redis. A node with another secret would seal passwords
 * that no other node can open, which would lock out their phones.
 */
export interface SecretCheck {
  /** Writes nothing. @throws AppError SECRET_DIFFERS */
  verify(): Promise<void>
  /** To be called before anything is sealed. The same as `verify`, and stores the fingerprint if there is none. @throws AppError SECRET_DIFFERS, STORE_UNAVAILABLE */
  require(): Promise<void>
  /** Checks now, whenever Redis is back, and when the fingerprint changes. Logs a difference. */
  follow(log: Logger): { close(): void }
  /** The last difference that `follow` found, as a sentence; null: none. */
  readonly trouble: string | null
}

export interface SecretCheckNeeds {
  readonly store: Pick<Store, 'state' | 'replica' | 'call' | 'onState'>
  readonly seal: Seal
}

/** The record with the fingerprint: fields `salt` and `fingerprint`. */
export const secretKey = 'secret'

/** Number of passwords that are tried at most. */
const mostTried = 200

export function createSecretCheck({ store, seal }: SecretCheckNeeds): SecretCheck {
  /** Fingerprints known to match: computing one is slow on purpose. */
  const known = new Set<string>()
  let trouble: string | null = null

  async function compare(salt: string, fingerprint: string): Promise<void> {
    const text = `${salt} ${fingerprint}`
    if (known.has(text)) return
    if ((await seal.fingerprint(salt)) !== fingerprint) throw differs('its fingerprint in Redis is another')
    known.add(text)
  }

  /** A network of an earlier version has no fingerprint. @throws if the secret does not open the sealed passwords */
  function judgeByPasswords(): void {
    const { opened, sealed } = passwordsIn(devicesIn(store.replica), seal)
    if (opened * 2 <= sealed && sealed > 0) throw differs(`it opens ${opened} of ${sealed} phone passwords`)
  }

  function present(): readonly [salt: string, fingerprint: string] | null {
    const record = store.replica.hash(secretKey)
    return record?.has('fingerprint') ? [record.get('salt') ?? '', record.get('fingerprint') ?? ''] : null
  }

  async function verify(): Promise<void> {
    const found = present()
    if (found) return compare(...found)
    judgeByPasswords()
  }

  async function require(): Promise<void> {
    await verify()
    if (present()) return
    const { salt, fingerprint } = await seal.newFingerprint()
    const [word, theirSalt = '', theirs = ''] = (await store.call('hotdesk_secret', salt, fingerprint)).split(' ')
    if (word === 'SET') known.add(`${salt} ${fingerprint}`)
    else await compare(theirSalt, theirs)
  }

  return {
    verify,
    require,
    get trouble() {
      return trouble
    },
    follow(log) {
      let newest = 0
      /** A check takes as long as scrypt. Its result is ignored if a later check has begun. */
      async function check(): Promise<void> {
        if (store.state !== 'connected') return
        newest += 1
        const own = newest
        try {
          await require()
          if (own === newest) trouble = null
        } catch (fault) {
          if (own !== newest) return
          if (!isAppError(fault, 'SECRET_DIFFERS')) return log.debug({ event: 'store.waiting' }, messageOf(fault))
          if (trouble === null) log.error({ event: 'store.secret' }, fault.message)
          trouble = fault.message
        }
      }
      const stops = [store.onState(() => void check()), store.replica.onChange((key) => void (key === secretKey && check()))]
      void check()
      return {
        close() {
          for (const stop of stops) stop()
        },
      }
    },
  }
}

function differs(how: string): AppError {
  return errors.SECRET_DIFFERS.differs({ how })
}

/** Number of sealed passwords in these records, and how many of them the secret opens. */
export function passwordsIn(
  records: Iterable<readonly [key: string, hash: ReadonlyMap<string, string>]>,
  seal: Pick<Seal, 'opens'>,
): { readonly opened: number; readonly sealed: number } {
  let [opened, sealed] = [0, 0]
  for (const [key, hash] of records) {
    const device = key.startsWith('device:') ? parseDeviceId(key.slice('device:'.length)) : null
    const credential = hash.get('credential') ?? ''
    if (!device || !credential.startsWith('sealed.') || sealed === mostTried) continue
    sealed += 1
    if (seal.opens(credential, device)) opened += 1
  }
  return { opened, sealed }
}

function* devicesIn(replica: Store['replica']): Generator<readonly [key: string, hash: ReadonlyMap<string, string>]> {
  for (const key of replica.keysUnder('device:')) yield [key, replica.hash(key) ?? new Map()]
}
