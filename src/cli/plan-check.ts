import { relative } from 'node:path'
import { type ErrorCode, isAppError } from '../base/errors.js'
import { counted } from '../base/output/counted.js'
import type { Config } from '../config/config.js'
import { invalid, type Problem } from '../config/yaml/yaml-schema.js'
import { type Dialplan, didConflicts } from '../dialplan/dialplan.js'
import type { Directory } from '../directory/directory.js'
import { withDirectory } from './operator/network.js'
import { reservedBy, reservedUsers } from './operator/reservations.js'
import { locationWarnings } from './operator/site-warnings.js'
import { doubtText, nameDoubts, planDoubts } from './references/references.js'

/** Users and phones, compared with the configuration and the dial plan. */
export interface NetworkVerdict {
  /** The number of users and phones, or why they were not checked. */
  readonly says: string
  /** Works, but may not be intended. */
  readonly doubts: readonly string[]
}

const uncheckable: readonly ErrorCode[] = ['STORE_UNAVAILABLE', 'NODE_NOT_RUNNING', 'RECORDS_UNREADABLE']

/**
 * Checks users and phones against the dial plan, if Redis can be reached.
 * @throws AppError DIALPLAN_INVALID if the extension of a user has another meaning at a site
 */
export async function networkVerdict(config: Config, dialplan: Dialplan): Promise<NetworkVerdict> {
  try {
    return await withDirectory(config, (directory) => Promise.resolve(verdictOn(directory, { config, dialplan })))
  } catch (fault) {
    if (isAppError(fault) && uncheckable.includes(fault.code)) return { says: `not checked: ${fault.says}; ${fault.todo}`, doubts: [] }
    throw fault
  }
}

function verdictOn(directory: Directory, { config, dialplan }: { config: Config; dialplan: Dialplan }): NetworkVerdict {
  const file = relative(process.cwd(), config.dialplan)
  const problems = reservedUsers(directory, reservedBy(dialplan, config)).map(
    ([{ name, extension }, reason]): Problem => ({
      place: file,
      key: '',
      message: `${reason}, and the extension of ${name === extension ? 'a user' : name}: this user cannot be called; assign another extension`,
    }),
  )
  if (problems.length > 0) throw invalid('DIALPLAN_INVALID', file, problems)
  const [users, devices] = [directory.users(), directory.devices()]
  return {
    says: `${counted(users.length, 'user')}, ${counted(devices.length, 'phone')}`,
    doubts: [
      ...locationWarnings(devices, directory, config),
      ...didConflicts(dialplan, directory.sites()),
      ...[...planDoubts(dialplan, directory, config), ...nameDoubts(users, dialplan)].map(doubtText),
    ],
  }
}
