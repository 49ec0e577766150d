/** How phones of one make are made to fetch their configuration again without a reboot. */
export interface Vendor {
  readonly name: string
  /** Value of the NOTIFY's Event header. */
  readonly refreshEvent: string
}

/** The first match counts. From vendors' manuals and open provisioning systems. */
const vendors: readonly (Vendor & { readonly signs: RegExp })[] = [
  { name: 'Yealink', signs: /yealink/i, refreshEvent: 'check-sync;reboot=false' },
  { name: 'Snom', signs: /snom/i, refreshEvent: 'check-sync;reboot=false' },
  { name: 'Gigaset', signs: /gigaset/i, refreshEvent: 'check-sync;reboot=false' },
  { name: 'Grandstream', signs: /grandstream/i, refreshEvent: 'resync' },
  { name: 'Htek', signs: /htek/i, refreshEvent: 'resync' },
  { name: 'Sangoma', signs: /sangoma/i, refreshEvent: 'resync' },
  { name: 'Linksys', signs: /linksys|sipura|cisco[/-]spa/i, refreshEvent: 'resync' },
  { name: 'Poly', signs: /poly/i, refreshEvent: 'check-sync' },
  { name: 'Fanvil', signs: /fanvil/i, refreshEvent: 'check-sync' },
  { name: 'Aastra', signs: /aastra|mitel/i, refreshEvent: 'check-sync' },
  { name: 'Cisco', signs: /cisco/i, refreshEvent: 'check-sync' },
  { name: 'Digium', signs: /digium/i, refreshEvent: 'check-sync' },
]

const otherVendor: Vendor = { name: 'other', refreshEvent: 'check-sync;reboot=false' }

/** By the User-Agent of the phone's REGISTER, else by the model in its record. */
export function vendorOf(userAgent: string, model: string | null): Vendor {
  const signed = (text: string): Vendor | undefined => vendors.find(({ signs }) => signs.test(text))
  return signed(userAgent) ?? signed(model ?? '') ?? otherVendor
}
