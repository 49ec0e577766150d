import { silentLogger } from '../../base/logger.js'
import { Secret } from '../../base/secret.js'
import type { MakerFile } from '../makers/maker.js'
import { makers } from '../makers/makers.js'
import type { PhoneView } from '../view/phone-view.js'
import type { TemplateProblem } from './overrides.js'
import { createTemplates, problemsIn, type Templates } from './templates.js'

/** A template that is not in the operator's folder. */
export interface TriedTemplate {
  /** `yealink`: the built-in template that it replaces. Another name replaces that of the phone's own file. */
  readonly name: string
  readonly text: string
}

export interface Preview {
  /** `[secret]` replaces the password. */
  readonly body: string
  readonly contentType: string
  readonly template: string
  /** What a phone could not read in it. */
  readonly problems: readonly string[]
  /** Why overrides are not used. */
  readonly unused: readonly TemplateProblem[]
}

export interface PreviewNeeds {
  readonly folder: string | null
  readonly tried: TriedTemplate | null
}

/** The file that a phone with this view would get; null if there is none for its family. */
export function previewOf(view: PhoneView, { folder, tried }: PreviewNeeds): Preview | null {
  const files = filesOf(view)
  const file =
    files.find(({ template }) => template === tried?.name) ?? files.find(({ template }) => template === view.model.family) ?? files[0]
  if (!file) return null
  const added = tried ? { [`device/${view.device}/${file.template}.liquid`.toLowerCase()]: tried.text } : {}
  const templates = createTemplates({ folder, tried: added, log: silentLogger() })
  const { problems, ...rendered } = templates.renderFile({ ...view, line: { ...view.line, password: new Secret('[secret]') } }, file)
  return { ...rendered, problems: problemsIn(rendered.body, file), unused: [...templates.problems(), ...problems] }
}

/** Of so many phones, an override is tried with each file. */
const mostPhones = 3

/** Problems of the operator's templates, found with the phones for which they are. */
export function overrideProblems(folder: string, views: Iterable<PhoneView>): readonly TemplateProblem[] {
  const templates = createTemplates({ folder, log: silentLogger() })
  const tries = new Map<string, number>()
  const found = new Map(templates.problems().map((problem) => [textOf(problem), problem]))
  for (const view of views)
    for (const file of filesOf(view)) for (const problem of problemsWith(view, file, templates, tries)) found.set(textOf(problem), problem)
  return [...found.values()]
}

function problemsWith(view: PhoneView, file: MakerFile, templates: Templates, tries: Map<string, number>): readonly TemplateProblem[] {
  const path = templates.overrideOf(view, file)
  const count = path === null ? mostPhones : (tries.get(path) ?? 0)
  if (path === null || count >= mostPhones) return []
  tries.set(path, count + 1)
  return templates.renderFile(view, file).problems
}

function textOf({ template, problem }: TemplateProblem): string {
  return `${template}: ${problem}`
}

function filesOf({ model }: PhoneView): readonly MakerFile[] {
  return makers.find(({ family }) => family === model.family)?.files ?? []
}
