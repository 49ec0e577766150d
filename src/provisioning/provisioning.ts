import type { Clock } from '../base/clock.js'
import type { SiteName } from '../base/identity.js'
import type { Logger } from '../base/logger.js'
import type { Metrics } from '../base/metrics.js'
import type { Secret } from '../base/secret.js'
import type { LivePlan } from '../dialplan/dialplan.js'
import { type Contacts, createPhoneTokens, type Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import type { FastifyInstance } from '../http/http.js'
import type { Registrar } from '../registrar/registrar.js'
import type { Store } from '../store/store.js'
import { type AccessNeeds, createAccess } from './access/access.js'
import { createRefusals } from './access/refusals.js'
import { createAnswers } from './answers.js'
import { createEnrolment } from './enrolment/enrolment.js'
import { createFetches, type Fetches } from './fetches.js'
import { createPhonePages } from './pages/phone-pages.js'
import { createPhoneFiles } from './phone-files.js'
import { createTemplates } from './rendering/templates.js'
import { addPhoneRoutes } from './routes.js'
import { createPhoneViews, type PhoneViewsNeeds } from './view/phone-views.js'

export { overrideProblems, previewOf, type TriedTemplate } from './rendering/preview.js'
export type { KeyView, PhoneView } from './view/phone-view.js'
export { createPhoneViews } from './view/phone-views.js'

export interface ProvisioningNeeds extends Pick<AccessNeeds, 'realm' | 'algorithms' | 'network' | 'networks'> {
  readonly parts: {
    readonly store: Store
    readonly directory: Directory
    readonly registrar: Pick<Registrar, 'bindingsOf' | 'passwordGuesses'>
    readonly hotdesk: Pick<Hotdesk, 'userOn'>
    readonly contacts: Pick<Contacts, 'of' | 'nameOf'>
    readonly plan: LivePlan
  }
  /** Where phones register, and for how long. */
  readonly line: PhoneViewsNeeds['line'] & Pick<PhoneViewsNeeds, 'servers'>
  /** Folder of the operator's templates; null: there is none. */
  readonly templatesFolder: string | null
  readonly secret: Secret
  readonly site: SiteName
  /** Where phones reach this node or its site: `https://phones.example:8443`. */
  readonly url: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

/** Phones fetch their configuration, directories and call log here. */
export interface Provisioning {
  readonly fetches: Fetches
  addRoutes(router: FastifyInstance): void
  /** Reads the operator's templates again. */
  reloadTemplates(folder: string | null): void
  close(): void
}

export function createProvisioning({ parts, ...needs }: ProvisioningNeeds): Provisioning {
  const { store, directory, registrar, hotdesk } = parts
  const { site, url, line, clock, log, metrics } = needs
  const templates = createTemplates({ folder: needs.templatesFolder, log })
  const viewOf = createPhoneViews({ store, directory, line, servers: line.servers })
  const files = createPhoneFiles({ directory, hotdesk, templates, viewOf })
  const fetches = createFetches({ store, log })
  const enrolment = createEnrolment({ store, directory, site, log })
  const access = createAccess({ ...needs, directory, registrar, store, admit: enrolment.admit })
  const refusals = createRefusals({ clock, log, metrics })
  const tokens = createPhoneTokens(needs.secret, needs.network)
  const answer = createAnswers({
    access,
    refusals,
    enrolment,
    files,
    pages: createPhonePages(parts),
    fetches,
    tokens,
    url,
    clock,
    log,
    metrics,
  })
  return {
    fetches,
    addRoutes: (router) => addPhoneRoutes(router, answer),
    reloadTemplates: templates.reload,
    close: () => fetches.close(),
  }
}
