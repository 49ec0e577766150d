import { relative } from 'node:path'
import { isAppError } from '../base/errors.js'
import { counted } from '../base/output/counted.js'
import type { Config } from '../config/config.js'
import { invalid, type Problem } from '../config/yaml/yaml-schema.js'
import type { Dialplan } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import type { LookAtNetwork, NetworkVerdict } from './check.js'
import { withDirectory } from './operator/network.js'
import { reservedBy, reservedUsers } from './operator/reservations.js'
import { locationWarnings } from './operator/site-warnings.js'

/**
 * Whether users and phones fit the dial plan. Without Redis there is nothing to look at.
 * @throws AppError DIALPLAN_INVALID for a user whose extension means something else at a site
 */
export const networkVerdict: LookAtNetwork = async (config, dialplan) => {
  try {
    return await withDirectory(config, (directory) => Promise.resolve(verdictOn(directory, { config, dialplan })))
  } catch (fault) {
    if (isAppError(fault, 'COMMAND_REFUSED')) return { says: `not looked at: ${fault.message}`, doubts: [] }
    throw fault
  }
}

function verdictOn(directory: Directory, { config, dialplan }: { config: Config; dialplan: Dialplan }): NetworkVerdict {
  const file = relative(process.cwd(), config.dialplan)
  const problems = reservedUsers(directory, reservedBy(dialplan, config)).map(
    ([{ name, extension }, reason]): Problem => ({
      place: file,
      key: '',
      message: `${reason}, and the extension of ${name === extension ? 'a user' : name}: nobody can call this user; give another extension`,
    }),
  )
  if (problems.length > 0) throw invalid('DIALPLAN_INVALID', file, problems)
  const [users, devices] = [directory.users(), directory.devices()]
  return {
    says: `${counted(users.length, 'user')}, ${counted(devices.length, 'phone')}`,
    doubts: locationWarnings(devices, directory, config),
  }
}
