import type { Settings } from '../formats/format.js'
import { xml } from '../formats/xml.js'
import { absent, odd, repeated } from './checks.js'
import type { Maker } from './maker.js'

const contentType = 'text/xml; charset=utf-8'
const nvm = 'provisioning/nvm/'

/** DECT base stations N610, N670 and N870. */
export const gigasetN: Maker = {
  family: 'gigaset-n',
  files: [
    {
      pattern: /^(?<mac>[0-9a-f]{12})\.xml$/i,
      template: 'gigaset-n',
      format: xml,
      contentType,
      kept: [/@productID$/i, /\[name=Sip(?:Provider\.0|Account\.00001)\./i],
      check(settings) {
        const account = ['AuthName', 'AuthPassword', 'UserName'].map((name) => param(`SipAccount.00001.${name}`))
        return [
          ...repeated(settings),
          ...absent(settings, [...account, param('SipProvider.0.RegServerAddress')]),
          ...unsubscribing(settings),
        ]
      },
    },
  ],
}

/** Desk phones Maxwell Basic, 2, 3 and 4. */
export const gigasetMaxwell: Maker = {
  family: 'gigaset-maxwell',
  files: [
    {
      pattern: /^(?:(?<mac>[0-9a-f]{12})|provisioning)\.xml$/i,
      template: 'gigaset-maxwell',
      format: xml,
      contentType,
      kept: [/@productID$/i, /\[name=(?:SIP\.(?:Account\.0|DefaultAccount|TransportProtocol)|PhoneUI\.Keys\.FunctionKeys\.0)(?:\.|\])/i],
      check(settings) {
        const account = ['AuthName', 'AuthPassword', 'Username', 'RegistrationServer.Address'].map((name) => param(`SIP.Account.0.${name}`))
        const types = odd(settings, /\.FunctionKeys\.[0-9]+\.Type\]@value$/, (type) => /^(?:-1|[0-9]{1,2})$/.test(type))
        return [...repeated(settings), ...absent(settings, account), ...types]
      },
    },
  ],
}

function param(name: string): string {
  return `${nvm}param[name=${name}]@value`
}

/** The base would unsubscribe every handset that the file does not name, and the file names none. */
function unsubscribing(settings: Settings): readonly string[] {
  const found = Array.from(settings.keys()).some((name) => name.includes('oper[name=DeleteNotProvisionedHS]'))
  return found ? ['DeleteNotProvisionedHS would unsubscribe the handsets'] : []
}
