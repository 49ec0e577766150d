import type { Settings } from '../formats/format.js'
import { xml } from '../formats/xml.js'
import { absent, odd, repeated } from './checks.js'
import type { Maker } from './maker.js'

/** Cisco phones with Multiplatform firmware. The Profile Rule of the phone ends with `$MA.xml`; a new phone asks for the file of its model. */
export const cisco: Maker = {
  family: 'cisco',
  files: [
    {
      pattern: /^(?:(?<mac>[0-9a-f]{12})\.(?:xml|cfg)|(?:CP-)?(?<model>[0-9]{4})-3PCC\.xml)$/i,
      template: 'cisco',
      format: xml,
      contentType: 'text/xml; charset=utf-8',
      kept: [
        /\/(?:Line_Enable|SIP_Transport|Proxy|Outbound_Proxy|Alternate_Outbound_Proxy|Register|User_ID|Auth_ID|Password)_1_$/i,
        /\/(?:Display_Name|Dial_Plan|Emergency_Number|Extension|Short_Name|Extended_Function)_1_$/i,
        // The phone's own star codes would take the codes of the site.
        /\/[A-Z0-9_]{1,40}_(?:Act|Deact|Return|Transfer)_Code$/i,
      ],
      check,
    },
  ],
}

const needed = ['User_ID_1_', 'Password_1_', 'Proxy_1_', 'Dial_Plan_1_'].map((name) => `flat-profile/${name}`)

function check(settings: Settings): readonly string[] {
  return [
    ...repeated(settings),
    ...absent(settings, needed),
    ...odd(settings, /^flat-profile\/(?:Extended_Function_[0-9]+_|Unit_[0-9]+_Key_[0-9]+_|PSK_[0-9]+)$/, isKeyFunction),
    ...odd(settings, /^flat-profile\/Dial_Plan_[0-9]+_$/, (plan) => /^\([0-9*#+x.S|[\]-]+\)$/.test(plan)),
  ]
}

const partNames = ['fnc', 'sub', 'ext', 'url', 'nme', 'vid']

/** `fnc=sd+blf+cp;sub=101@$PROXY;ext=101@$PROXY;nme=Anna`; empty: the key does nothing. */
function isKeyFunction(text: string): boolean {
  const names = text.split(';').map((part) => part.slice(0, Math.max(part.indexOf('='), 0)))
  return text === '' || (names[0] === 'fnc' && names.every((name) => partNames.includes(name)) && new Set(names).size === names.length)
}
