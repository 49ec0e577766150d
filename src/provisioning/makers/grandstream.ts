import type { Settings } from '../formats/format.js'
import { xml } from '../formats/xml.js'
import type { Maker } from './maker.js'

/** Grandstream GXP21xx and GRP26xx. The binary file that they ask for first, and the common ones, do not exist (404). */
export const grandstream: Maker = {
  family: 'grandstream',
  files: [
    {
      pattern: /^cfg(?<mac>[0-9a-f]{12})\.xml$/i,
      template: 'grandstream',
      format: xml,
      contentType: 'text/xml; charset=utf-8',
      kept: [
        /\[name=account\.1\.(?:enable|name)\]/i,
        /\[name=account\.1\.sip\.(?:userid|subscriber\.|server\.|outboundproxy|transport|registration\]|accountDisplay)/i,
        /\[name=account\.1\.call\.dialplan/i,
        /\[name=(?:keys\.lock\.emergency|e911\.)/i,
        // The same settings as P values of version 1, in elements or items.
        /(?:\/|\[name=)P(?:271|270|47|967|2312|48|35|36|34|3|31|130|290|2382|8385|8597)(?:\]|@|$)/i,
        /\[name=pks\.vpk\.1\./i,
      ],
      check,
    },
  ],
}

const item = (name: string): string => `gs_provision/config/item[name=${name}]`
const needed = ['account.1.enable', 'account.1.sip.userid', 'account.1.sip.subscriber.password', 'account.1.sip.server.1.address']
const modes = ['None', 'Line', 'SharedLine', 'SpeedDial', 'BLF', 'EventlistBLF', 'CallPark', 'Intercom', 'MonitoredCallPark', 'XmlApp']

function check(settings: Settings): readonly string[] {
  const absent = needed.filter((name) => (settings.get(item(name))?.at(-1) ?? '') === '')
  const odd = Array.from(settings).filter(
    ([name, values]) => /\[name=pks\..{1,16}\.keyMode\]$/.test(name) && !values.every((value) => modes.includes(value)),
  )
  return [...absent.map((name) => `${name} is not set`), ...odd.map(([name]) => `${name} is not a mode of a key`)]
}
