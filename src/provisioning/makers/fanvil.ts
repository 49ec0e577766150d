import type { Settings } from '../formats/format.js'
import { xml } from '../formats/xml.js'
import { absent, odd, repeated } from './checks.js'
import type { Maker } from './maker.js'

const line = 'sysConf/sip/line[index=1]/'

/** Fanvil X and V series. The common file of a model, which a phone asks for first, does not exist (404). */
export const fanvil: Maker = {
  family: 'fanvil',
  files: [
    {
      pattern: /^(?<mac>[0-9a-f]{12})\.(?:cfg|xml)$/i,
      template: 'fanvil',
      format: xml,
      contentType: 'text/xml; charset=utf-8',
      kept: [
        /\/Version$/i,
        /\/line\[index=1\]\/(?:PhoneNumber|DisplayName|SipName|Register|EnableReg|Proxy|Backup|Transport|EnableHotline|HotlineNum)/i,
        /\/call\/basic\//i,
        /\/EmergencyCall$/i,
        /\/(?:dssSide|internal)\[index=1\]\/Fkey\[index=1\]\//i,
      ],
      check,
    },
  ],
}

const needed = ['PhoneNumber', 'RegisterAddr', 'RegisterUser', 'RegisterPswd', 'EnableReg'].map((name) => line + name)

function check(settings: Settings): readonly string[] {
  return [
    ...repeated(settings),
    ...absent(settings, needed),
    // A phone takes a file only if its version is a higher number of this form.
    ...odd(settings, /^sysConf\/Version$/, (version) => /^2\.[0-9]{10}$/.test(version)),
    ...odd(settings, /\/Fkey\[index=[0-9]+\]\/Type$/, (type) => /^[0-9]{1,2}$/.test(type)),
  ]
}
