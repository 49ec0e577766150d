import { xmlText } from '../../base/output/xml-text.js'
import type { LampWord } from '../watched/lamp-state.js'
import type { DocumentParts } from './dialog-info.js'
import { words } from './words.js'

export const presenceType = 'application/pidf+xml'

interface Presence {
  /** Whether a call would reach the user. */
  readonly basic: 'open' | 'closed'
  /** RFC 4480 §3.2; null: none. */
  readonly activity: 'on-the-phone' | 'busy' | 'away' | null
}

const presences: Readonly<Record<LampWord, Presence>> = {
  idle: { basic: 'open', activity: null },
  ringing: { basic: 'open', activity: 'on-the-phone' },
  busy: { basic: 'open', activity: 'on-the-phone' },
  'not-logged-in': { basic: 'closed', activity: 'away' },
  'do-not-disturb': { basic: 'closed', activity: 'busy' },
  free: { basic: 'closed', activity: null },
  occupied: { basic: 'open', activity: null },
  on: { basic: 'open', activity: null },
  off: { basic: 'closed', activity: null },
}

/** The presence of a watched address (RFC 3863), with its activity for phones that know RFC 4480 and RFC 4479. */
export function presenceDocument({ entity, language, state: { word } }: DocumentParts): string {
  const { basic, activity } = presences[word]
  const note = words[language][word]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"',
    ` xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${xmlText(entity)}">`,
    `<tuple id="lamp"><status><basic>${basic}</basic></status><contact>${xmlText(entity)}</contact>`,
    ...(note === undefined ? [] : [`<note xml:lang="${language}">${note}</note>`]),
    '</tuple>',
    ...(activity === null ? [] : [`<dm:person id="user"><rpid:activities><rpid:${activity}/></rpid:activities></dm:person>`]),
    '</presence>',
    '',
  ].join('\r\n')
}
