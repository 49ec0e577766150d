import type { DeviceId } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import { commandEntry, createPhoneTokens, newSalt, phoneKey } from '../../directory/directory.js'
import type { FieldChanges, Store } from '../../store/store.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { thisOperator } from '../operator/operator-identity.js'
import { type Form, printWarnings, reportRefusal, unknownText } from '../records/outcome.js'
import { reachWarnings } from './reach.js'

/** `hotdesk phone url` */
export async function issueUrl(device: DeviceId, form: Form, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const salt = newSalt()
  if (!(await write({ device, form, needs, config }, { salt }, 'issued'))) return
  const token = createPhoneTokens(config.secret, config.network).print({ device, scope: 'phone' }, salt)
  const url = `${config.provisioning.url}/p/${token.reveal()}/`
  const { print, paint } = needs.terminal
  print(form.json ? JSON.stringify({ subject: device, done: true, url }) : `${paint.strong(device)}: ${url}`)
  printWarnings(needs, reachWarnings(config))
}

/** `hotdesk phone revoke` */
export async function revokeUrl(device: DeviceId, form: Form, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  if (!(await write({ device, form, needs, config }, { salt: null, codeSalt: null, codeUntil: null }, 'revoked'))) return
  const { print, paint } = needs.terminal
  print(form.json ? JSON.stringify({ subject: device, done: true }) : `${paint.strong(device)}: its URL and its code are no longer valid`)
}

/** `hotdesk phone code` */
export async function activationCode(
  device: DeviceId,
  { minutes, ...form }: Form & { minutes: number },
  needs: CommandNeeds,
): Promise<void> {
  const config = needs.config('look')
  const codeSalt = newSalt()
  const changes = (now: number): FieldChanges => ({ codeSalt, codeUntil: String(Math.floor(now / 1_000) + minutes * 60) })
  if (!(await write({ device, form, needs, config }, changes, 'code'))) return
  const code = createPhoneTokens(config.secret, config.network).code(device, codeSalt).reveal()
  const { print, paint } = needs.terminal
  const url = `${config.provisioning.url}/p/`
  const words = `type user name ${device} and password ${code} at the phone within ${minutes} minutes; it must fetch from ${url}`
  print(form.json ? JSON.stringify({ subject: device, done: true, user: device, code, minutes, url }) : `${paint.strong(device)}: ${words}`)
  printWarnings(needs, reachWarnings(config))
}

interface Writing {
  readonly device: DeviceId
  readonly form: Form
  readonly needs: CommandNeeds
  readonly config: Config
}

/** False if the phone does not exist. */
function write(
  { device, form, needs, config }: Writing,
  changes: FieldChanges | ((now: number) => FieldChanges),
  outcome: 'issued' | 'revoked' | 'code',
): Promise<boolean> {
  return withDirectory(
    config,
    async (directory, store: Store) => {
      if (!directory.device(device)) {
        reportRefusal({ needs, subject: device, form }, [unknownText('device')])
        return false
      }
      const fields = typeof changes === 'function' ? changes(store.clock.now()) : changes
      const entry = commandEntry('phone.url', { device, outcome }, thisOperator())
      await store.writeAll([{ key: phoneKey(device), fields }], undefined, [entry])
      return true
    },
    [`device:${device}`, `phone:${device}`],
  )
}
