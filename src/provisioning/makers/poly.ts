import type { Settings } from '../formats/format.js'
import { xml } from '../formats/xml.js'
import { absent, repeated } from './checks.js'
import type { Maker, MakerFile } from './maker.js'

const contentType = 'text/xml; charset=utf-8'
const root = 'polycomConfig@'

/** The file that the master file names; it has everything. */
const phone: MakerFile = {
  pattern: /^(?<mac>[0-9a-f]{12})-user\.cfg$/i,
  template: 'poly',
  format: xml,
  contentType,
  // A parameter counts in any element.
  kept: [
    /@(?:reg\.1|dialplan|voIpProt\.server|voIpProt\.SIP\.outboundProxy)\./i,
    /@lineKey\.(?:1|reassignment)\./i,
    /@attendant\.(?:reg|uri|resourceList\.1\.[a-z]{1,40})$/i,
  ],
  check,
}

/** Poly VVX and Edge E. The phone asks for the master file, then for the files that it names and for its directory. */
export const poly: Maker = {
  family: 'poly',
  files: [
    { ...phone, pattern: /^(?<mac>[0-9a-f]{12})\.cfg$/i, template: 'poly-master', kept: [/^APPLICATION/i], check: repeated },
    phone,
    { ...phone, pattern: /^(?<mac>[0-9a-f]{12})-directory\.xml$/i, template: 'poly-directory', kept: [], check: repeated },
  ],
}

const needed = ['reg.1.address', 'reg.1.auth.userId', 'reg.1.auth.password', 'reg.1.server.1.address'].map((name) => root + name)

const categories = ['Line', 'BLF', 'EFK', 'Unassigned']

function check(settings: Settings): readonly string[] {
  const keys = Array.from(settings).filter(([name]) => /^polycomConfig@lineKey\.[0-9]+\.category$/.test(name))
  const odd = keys
    .filter(([, [value = '']]) => !categories.includes(value))
    .map(([name]) => `${name} is not one of ${categories.join(', ')}`)
  return [...repeated(settings), ...absent(settings, needed), ...odd, ...unmatched(keys, settings)]
}

/** Lamps have no index: the phone gives the entries of the list to the keys in order, so that their numbers must agree. */
function unmatched(keys: readonly (readonly [string, readonly string[]])[], settings: Settings): readonly string[] {
  const lamps = keys.filter(([, [value]]) => value === 'BLF').length
  const entries = Array.from(settings.keys()).filter((name) => /^polycomConfig@attendant\.resourceList\.[0-9]+\.address$/.test(name)).length
  return lamps === entries ? [] : [`${lamps} keys are lamps, but attendant.resourceList has ${entries} entries`]
}
