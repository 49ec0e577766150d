import type { Settings } from '../formats/format.js'
import { lines } from '../formats/lines.js'
import type { Maker } from './maker.js'

/** Yealink T series. The boot and common files that a phone asks for first do not exist (404): its own file has everything. */
export const yealink: Maker = {
  family: 'yealink',
  files: [
    {
      pattern: /^(?<mac>[0-9a-f]{12})\.cfg$/i,
      template: 'yealink',
      format: lines,
      contentType: 'text/plain; charset=utf-8',
      kept: [
        /^include/i,
        /^account\.1\.(?:enable|label|display_name|user_name|auth_name|password)$/i,
        /^account\.1\.(?:sip_server|outbound_proxy)/i,
        /^(?:account\.1\.)?dialplan\./i,
        /^phone_setting\.emergency\./i,
        /^linekey\.1\./i,
      ],
      check,
    },
  ],
}

const needed = ['account.1.enable', 'account.1.user_name', 'account.1.password', 'account.1.sip_server.1.address']

function check(settings: Settings): readonly string[] {
  const absent = needed.filter((name) => ['', '%NULL%', undefined].includes(settings.get(name)?.at(-1)))
  const oddTypes = Array.from(settings).filter(
    ([name, values]) => /^(?:linekey|expansion_module)\..*\.type$/.test(name) && !values.every((value) => /^[0-9]{1,2}$/.test(value)),
  )
  return [...absent.map((name) => `${name} is not set`), ...oddTypes.map(([name]) => `${name} is not a number`)]
}
