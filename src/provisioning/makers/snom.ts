import type { Settings } from '../formats/format.js'
import { xml } from '../formats/xml.js'
import type { Maker } from './maker.js'

/** Snom D series and Gigaset Desktop IP PRO. Whatever of its names the phone asks for first, it gets the whole file. */
export const snom: Maker = {
  family: 'snom',
  files: [
    {
      pattern: /^(?:snom(?<model>[a-z0-9]{1,12})-)?(?<mac>[0-9a-f]{12})\.(?:xml|htm)$/i,
      template: 'snom',
      format: xml,
      contentType: 'text/xml; charset=utf-8',
      kept: [
        /\/user_(?:active|name|pname|pass|host|outbound|realname|idle_text|idle_number|dp_str)\[idx=1\]/i,
        /\/(?:keyboard_lock_emergency|emergency_proxy|dialplan)/i,
        /\/fkey\[idx=0\]/i,
      ],
      check,
    },
  ],
}

const needed = ['user_active', 'user_name', 'user_pass', 'user_outbound'].map((name) => `settings/phone-settings[e=2]/${name}[idx=1]`)

const keyTypes =
  /^(?:line|none|blf <sip:[^<>@]{1,64}@[^<>]{1,255}>\|.{0,32}|orbit <sip:[^<>@]{1,64}@[^<>]{1,255}>|[a-z_]{2,20}(?: .{0,512})?)$/

function check(settings: Settings): readonly string[] {
  const absent = needed.filter((name) => (settings.get(name)?.at(-1) ?? '') === '')
  const keys = Array.from(settings).filter(([name]) => /\/fkey(?:\[[^\]]{0,32}\]){0,4}$/.test(name))
  const odd = keys.filter(([, values]) => !values.every((value) => keyTypes.test(value)))
  return [...absent.map((name) => `${name} is not set`), ...odd.map(([name]) => `${name} is not the type of a key`)]
}
