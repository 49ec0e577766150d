interface RefreshEvents {
  /** The phone fetches its configuration again, without a reboot. */
  readonly refresh: string
  readonly reboot: string
}

const withoutReboot = 'check-sync;reboot=false'
const withReboot = 'check-sync;reboot=true'

/** The first match counts. From the makers' manuals and open provisioning systems. */
const makers: readonly (RefreshEvents & { readonly signs: RegExp })[] = [
  { signs: /yealink|snom|gigaset/i, refresh: withoutReboot, reboot: withReboot },
  { signs: /grandstream|htek|sangoma/i, refresh: 'resync', reboot: withReboot },
  { signs: /linksys|sipura|cisco[/-]spa/i, refresh: 'resync', reboot: 'reboot_now' },
  // Whether a Poly phone reboots is in its configuration (voIpProt.SIP.specialEvent.checkSync.alwaysReboot).
  { signs: /poly|fanvil|aastra|mitel|digium/i, refresh: 'check-sync', reboot: withReboot },
  { signs: /cisco/i, refresh: 'check-sync', reboot: 'reboot' },
]

const ofOthers: RefreshEvents = { refresh: withoutReboot, reboot: withReboot }

/** Values of the NOTIFY's Event header, by the User-Agent of the phone's REGISTER, else by the model in its record. */
export function refreshEventsOf(userAgent: string, model: string | null): RefreshEvents {
  const of = (text: string) => makers.find(({ signs }) => signs.test(text))
  const { refresh, reboot } = of(userAgent) ?? of(model ?? '') ?? ofOthers
  return { refresh, reboot }
}
