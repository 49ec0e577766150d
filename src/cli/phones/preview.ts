import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { errors, messageOf } from '../../base/errors.js'
import type { DeviceId, Extension } from '../../base/identity.js'
import { previewOf, type TriedTemplate } from '../../provisioning/provisioning.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { type Form, reportRefusal, unknownText } from '../records/outcome.js'
import { createPhoneViewer } from './phone-viewer.js'

export interface PreviewOptions extends Form {
  /** Who is logged in; absent: who is logged in now. */
  readonly user?: Extension
  readonly idle?: boolean
  /** File with a template that is tried. */
  readonly template?: string
}

/** `hotdesk phone preview` */
export async function previewPhone(device: DeviceId, options: PreviewOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const tried = options.template === undefined ? null : readTemplate(options.template)
  const refusal = { needs, subject: device, form: options }
  await withDirectory(config, async (directory, store) => {
    const { user, idle } = options
    if (!directory.device(device)) return reportRefusal(refusal, [unknownText('device')])
    if (user !== undefined && !directory.user(user)) return reportRefusal({ ...refusal, subject: user }, [unknownText('user')])
    const viewer = createPhoneViewer(config, directory, store)
    const view = user === undefined && !idle ? viewer.now(device) : viewer.with(device, user ?? null)
    if (view === null) return reportRefusal(refusal, [`it has no SIP password; hotdesk device password ${device} gives it one`])
    const preview = previewOf(view, { folder: config.provisioning.templates, tried })
    if (preview === null) return reportRefusal(refusal, ['there is no template for this model'])
    const { body, contentType, template: used, problems, unused } = preview
    const notShown = view.notShown.map(({ type, target, label }) => label ?? `${type}:${target}`)
    if (options.json)
      needs.terminal.print(
        JSON.stringify({ device, state: view.state, template: used, contentType, body, problems, unused, notShown }, null, 2),
      )
    else {
      needs.terminal.deliver(body)
      for (const { template, problem } of unused) needs.terminal.complain(`${template} is not used: ${problem}`)
      for (const problem of problems) needs.terminal.complain(`${used}: ${problem}`)
      if (notShown.length > 0) needs.terminal.complain(`keys for which ${device} has no position: ${notShown.join(', ')}`)
    }
    if (problems.length > 0 || unused.length > 0) needs.exit(1)
  })
}

/** @throws AppError FILE_UNUSABLE */
function readTemplate(path: string): TriedTemplate {
  try {
    return { name: basename(path, '.liquid'), text: readFileSync(path, 'utf8') }
  } catch (fault) {
    throw errors.FILE_UNUSABLE.unreadable({ file: path, reason: messageOf(fault) }, fault)
  }
}
