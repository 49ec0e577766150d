import type { DeviceId, Extension } from '../../base/identity.js'
import { keyText } from '../../directory/directory.js'
import type { KeyView, PhoneView } from '../../provisioning/provisioning.js'
import type { CommandNeeds } from '../needs.js'
import { withDirectory } from '../operator/network.js'
import { table } from '../output/terminal.js'
import { recordLines } from '../records/field-options.js'
import { type Form, reportRefusal, unknownText } from '../records/outcome.js'
import { createPhoneViewer } from './phone-viewer.js'

export interface ShowOptions extends Form {
  readonly user?: Extension
}

/** `hotdesk phone show`: what the phone shows, for the user who sits there or for another one. */
export async function showPhone(device: DeviceId, options: ShowOptions, needs: CommandNeeds): Promise<void> {
  const config = needs.config('look')
  const refusal = { needs, subject: device, form: options }
  await withDirectory(config, async (directory, store) => {
    const { user, json } = options
    if (!directory.device(device)) return reportRefusal(refusal, [unknownText('device')])
    if (user !== undefined && !directory.user(user)) return reportRefusal({ ...refusal, subject: user }, [unknownText('user')])
    const viewer = createPhoneViewer(config, directory, store)
    const view = user === undefined ? viewer.now(device) : viewer.with(device, user)
    if (view === null) return reportRefusal(refusal, [`it has no SIP password; hotdesk device password ${device} gives it one`])
    if (json) needs.terminal.print(JSON.stringify(plainView(view), null, 2))
    else print(view, needs)
  })
}

/** Keys that are not used are left out. */
const used = ({ keys }: PhoneView): readonly KeyView[] => keys.filter(({ kind }) => kind !== 'none')

const modelText = ({ make, name, keys }: PhoneView['model']): string => `${`${make} ${name}`.trimEnd()}, ${keys} keys`

function plainView(view: PhoneView) {
  const { device, site, model, state, display, user, language, zone, notShown } = view
  return {
    device,
    site,
    model: { make: model.make, name: model.name, family: model.family, keys: model.keys },
    state,
    label: display.label,
    user: user?.extension ?? null,
    language,
    timezone: zone.name,
    keys: used(view).map(({ position, module, kind, label, value, watch, works }) => ({
      key: position + 1,
      module,
      kind,
      label,
      dials: value || null,
      watches: watch,
      works,
    })),
    notShown: notShown.map(keyText),
  }
}

function print(view: PhoneView, { terminal }: CommandNeeds): void {
  const { paint } = terminal
  const { device, model, state, display, language, zone, notShown } = view
  terminal.print(paint.strong(device))
  const entries: [string, string][] = [
    ['model', modelText(model)],
    ['state', state],
    ['display', display.label],
    ['language', language],
    ['time zone', zone.name],
    ['not shown', notShown.map(keyText).join(', ')],
  ]
  for (const line of recordLines(entries, paint)) terminal.print(line)
  if (used(view).length === 0) return
  const rows = used(view).map(({ position, module, kind, label, value, watch, works }) => {
    const place = module === null ? String(position + 1) : `${position + 1} (module ${module})`
    return [place, kind, label, value || '-', watch ?? '-', works ? '' : 'does not work here']
  })
  const [head = '', ...lines] = table([['KEY', 'KIND', 'LABEL', 'DIALS', 'WATCHES', ''], ...rows])
  terminal.print(paint.faint(head.trimEnd()))
  for (const line of lines) terminal.print(line.trimEnd())
}
