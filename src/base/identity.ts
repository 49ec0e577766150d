/** A person's number; digits only, so that it can never equal a device. */
export type Extension = string & { readonly brand: 'Extension' }
/** A phone, such as HD0001; begins with a letter. It keeps its own credentials for ever. */
export type DeviceId = string & { readonly brand: 'DeviceId' }
export type NodeName = string & { readonly brand: 'NodeName' }
export type SiteName = string & { readonly brand: 'SiteName' }

/** As many as an E.164 number has. */
export const mostExtensionDigits = 15

const extensionForm = new RegExp(`^[0-9]{1,${mostExtensionDigits}}$`)
const deviceForm = /^[A-Za-z][A-Za-z0-9-]{0,31}$/
const nameForm = /^[a-z][a-z0-9-]{0,31}$/

/** Each parser answers null for text that is not of the form; the caller names the place it came from. */
export function parseExtension(text: string): Extension | null {
  return extensionForm.test(text) ? (text as Extension) : null
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
