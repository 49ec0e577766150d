/** A user's number; digits only, so that it never equals a device. */
export type Extension = string & { readonly brand: 'Extension' }
/** A phone, such as HD0001; begins with a letter. It always keeps its own credentials. */
export type DeviceId = string & { readonly brand: 'DeviceId' }
export type NodeName = string & { readonly brand: 'NodeName' }
export type SiteName = string & { readonly brand: 'SiteName' }

/** The length of an E.164 number. */
export const maxExtensionDigits = 15

const digits = /^[0-9]+$/
const deviceForm = /^[A-Za-z][A-Za-z0-9-]{0,31}$/
const nameForm = /^[a-z][a-z0-9-]{0,31}$/

/** The parsers answer null for text of another form. */
export function parseExtension(text: string): Extension | null {
  return text.length <= maxExtensionDigits && digits.test(text) ? (text as Extension) : null
}

export function parseDeviceId(text: string): DeviceId | null {
  return deviceForm.test(text) ? (text as DeviceId) : null
}

export function parseNodeName(text: string): NodeName | null {
  return nameForm.test(text) ? (text as NodeName) : null
}

export function parseSiteName(text: string): SiteName | null {
  return nameForm.test(text) ? (text as SiteName) : null
}
