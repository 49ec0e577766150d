import { json } from '../formats/json.js'
import { absent, odd } from './checks.js'
import type { Maker } from './maker.js'

/** Phones of other makes: what the other templates use, as JSON. */
export const generic: Maker = {
  family: 'generic',
  files: [
    {
      pattern: /^(?<mac>[0-9a-f]{12})\.json$/i,
      template: 'generic',
      format: json,
      contentType: 'application/json; charset=utf-8',
      kept: [/^(?:device$|line\.|keys\.0\.|dialling\.emergency\.)/],
      check: (settings) => [
        ...absent(settings, ['line.userId', 'line.password', 'line.servers.0.host']),
        ...odd(settings, /^keys\.[0-9]+\.position$/, (position) => /^[0-9]{1,3}$/.test(position)),
      ],
    },
  ],
}
