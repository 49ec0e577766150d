import { parseSiteName } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import { type Directory, enrolmentWindowOf, phoneRecordOf } from '../../directory/directory.js'
import type { Store } from '../../store/store.js'
import { reachDoubt } from '../phones/reach.js'
import { type Finding, findingsAbout } from './finding.js'

/** Where phones fetch their configuration, and whether new ones get in without a proof at the moment. */
export function provisioning(directory: Directory, { replica, clock }: Store, config: Config): readonly Finding[] {
  const { good, mind } = findingsAbout('provisioning')
  const from = `phones fetch from ${config.provisioning.url}/p/`
  const sites = Array.from(replica.keysUnder('enrol:')).flatMap((key) => parseSiteName(key.slice('enrol:'.length)) ?? [])
  const open = sites.filter((site) => enrolmentWindowOf(replica, site, clock.now()))
  const isUsed = open.length > 0 || directory.devices().some(({ id }) => phoneRecordOf(replica, id).salt !== null)
  const doubt = reachDoubt(config)
  return [
    ...(doubt && (isUsed || config.provisioning.listen.length > 0)
      ? [mind(doubt.says, doubt.todo)]
      : [good(doubt ? `${from}, which only this machine reaches` : from)]),
    ...open.map((site) =>
      mind(`new phones of ${site} get in without a proof`, `when they have: hotdesk phone enrol --site ${site} --close`),
    ),
  ]
}
