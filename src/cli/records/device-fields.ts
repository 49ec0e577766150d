import { parseExtension, parseSiteName } from '../../base/identity.js'
import { type Device, type DeviceEdit, parseMac } from '../../directory/directory.js'
import { type Field, numberForm, readYesNo, textForm, yesNo, yesOrNo } from './field.js'

type DeviceField = Field<Device, DeviceEdit>

/** The fields of a phone that an operator may set, except the password; named as in Redis. */
export const deviceFields: readonly DeviceField[] = [
  {
    name: 'site',
    expects: 'a site, such as paris',
    about: 'the site where the phone is',
    write: ({ site }) => site,
    read: (text) => (parseSiteName(text) ? { site: text } : null),
  },
  {
    name: 'hotdesk',
    expects: 'yes or no',
    about: 'whether users may log in at it',
    words: yesOrNo,
    kind: 'flag',
    write: ({ hotdesk }) => yesNo(hotdesk),
    read: (text) => {
      const hotdesk = readYesNo(text)
      return hotdesk === null ? null : { hotdesk }
    },
  },
  line('location', 'where it is, for the emergency centre; required for hot desking', (location) => ({ location })),
  {
    name: 'elin',
    expects: 'a telephone number',
    about: 'its caller number in emergency calls (default: that of the site)',
    write: ({ elin }) => elin ?? '',
    read: (text) => (numberForm.matches(text) ? { elin: text || null } : null),
  },
  {
    name: 'mac',
    expects: 'a MAC address, such as 00:15:65:aa:bb:cc',
    about: 'its hardware address, in any usual form',
    write: ({ mac }) => mac ?? '',
    read(text) {
      const mac = parseMac(text)
      return text === '' || mac !== null ? { mac } : null
    },
  },
  line('model', 'its make and model', (model) => ({ model })),
  {
    name: 'owner',
    expects: 'an extension, 1 to 15 digits',
    about: 'the user whose phone it is while nobody else is logged in',
    write: ({ owner }) => owner ?? '',
    read: (text) => (text === '' || parseExtension(text) ? { owner: text || null } : null),
  },
  {
    name: 'modules',
    expects: 'a number from 0 to 9',
    kind: 'number',
    about: 'expansion modules that are attached to it',
    write: ({ modules }) => String(modules),
    read: (text) => (/^[0-9]$/.test(text) ? { modules: Number(text) } : null),
  },
]

function line(name: 'location' | 'model', about: string, edit: (text: string | null) => DeviceEdit): DeviceField {
  return {
    name,
    expects: textForm.expects,
    about,
    write: (device) => device[name] ?? '',
    read: (text) => (textForm.matches(text) ? edit(text || null) : null),
  }
}

/** Combines several edits into one. */
export function mergedDeviceEdit(edits: readonly DeviceEdit[]): DeviceEdit {
  return Object.assign({}, ...edits) as DeviceEdit
}
