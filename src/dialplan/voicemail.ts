import { block, form, isBlock, keyText, type ParsedFile, type Problem, quote, shownKey } from '../config/yaml/yaml-schema.js'
import type { Trunk, Voicemail } from './route.js'

/** Stands for the extension of the user. */
const place = '{extension}'

const withPlace = form(`digits, * and #, with ${place} for the extension`, (text) =>
  /^[0-9*#+]{1,32}$/.test(text.replaceAll(place, '1')) ? text : null,
)

/** `voicemail` of a dial plan. */
export const voicemailKeys = {
  voicemail: block({
    trunk: form('the name of a trunk', (text) => (text === '' ? null : text)).describe('The trunk that leads to the voicemail server.'),
    number: withPlace.prefault(place).describe('The number called there.'),
    mailbox: withPlace.prefault(place).describe('The mailbox of the user there.'),
    subscribe: form('yes or no', (found) => (found === 'yes' ? true : found === 'no' ? false : null))
      .prefault('no')
      .describe('Whether the nodes of the site subscribe to the mailboxes of its users (RFC 3842).'),
  })
    .optional()
    .describe('The voicemail server of the site.'),
}

interface VoicemailFile {
  readonly voicemail?:
    | { readonly trunk: string; readonly number: string; readonly mailbox: string; readonly subscribe: boolean }
    | undefined
}

/** Null without the key, or if its trunk is disabled. */
export function voicemailOf({ voicemail }: VoicemailFile, trunks: readonly Trunk[]): Voicemail | null {
  const trunk = trunks.find(({ name }) => name === voicemail?.trunk)
  if (!voicemail || !trunk) return null
  return {
    trunk,
    isSubscribed: voicemail.subscribe,
    number: (extension) => voicemail.number.replaceAll(place, extension),
    mailbox: (extension) => voicemail.mailbox.replaceAll(place, extension),
  }
}

export function voicemailChecks(written: ParsedFile): Problem[] {
  const { voicemail, trunks } = isBlock(written.value) ? written.value : {}
  const known = Object.keys(isBlock(trunks) ? trunks : {})
  const trunk = isBlock(voicemail) ? voicemail.trunk : undefined
  if (typeof trunk !== 'string' || known.includes(trunk)) return []
  const path = ['voicemail', 'trunk']
  const message = `no trunk is named ${quote(trunk)}; known here: ${known.map(shownKey).join(', ') || 'none'}`
  return [{ place: written.placeOf(path), key: keyText(path), message }]
}
