import { messageOf } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { Secret } from '../../base/secret.js'
import type { Format } from '../formats/format.js'
import type { MakerFile } from '../makers/maker.js'
import { changedSettings } from './kept-settings.js'
import { builtIn, builtInTemplates, createRenderer, type LiquidRenderer, largestFile } from './liquid.js'
import { noOverrides, type Overrides, overrideFor, readOverrides, type TemplateProblem } from './overrides.js'

export interface Rendered {
  readonly body: string
  readonly contentType: string
  /** The template that made the body: `built-in/yealink.liquid`, `site/paris/yealink.liquid`. */
  readonly template: string
  /** Why an override was not used. */
  readonly problems: readonly TemplateProblem[]
}

/** The parts of a phone's view that choose a template or must not reach it as they are. */
interface Viewed {
  readonly device: string
  readonly site: string
  readonly model: { readonly name: string }
  readonly line: { readonly password: Secret }
}

export interface TemplatesNeeds {
  /** The operator's folder; null without one. */
  readonly folder: string | null
  /** Templates that count as if they were in the folder: path → text. */
  readonly tried?: Readonly<Record<string, string>>
  readonly log: Logger
}

/** Makes the files of phones from their views. */
export interface Templates {
  /** An override that cannot be used is logged, and the built-in template makes the file. */
  renderFile(view: Viewed, file: MakerFile): Rendered
  /** The path of the override of a file; null if the operator has none for this phone. */
  overrideOf(view: Pick<Viewed, 'device' | 'site' | 'model'>, file: Pick<MakerFile, 'template'>): string | null
  /** Problems of the operator's templates that were found without a phone. */
  problems(): readonly TemplateProblem[]
  /** Changes when the operator's templates have changed; for caches of rendered files. */
  version(): string
  /** Reads the operator's folder again. */
  reload(folder: string | null): void
}

export function createTemplates({ folder, tried = {}, log }: TemplatesNeeds): Templates {
  let current = readAll(folder)

  function readAll(from: string | null): TemplateSet {
    const read = from === null ? noOverrides : readOverrides(from, templateNames)
    const set = createTemplateSet({ ...read, texts: { ...read.texts, ...tried } })
    for (const problem of set.problems) report(problem)
    return set
  }

  function report({ template, problem }: TemplateProblem): void {
    log.error({ event: 'provisioning.template', template, reason: problem }, `the template ${template} is not used: ${problem}`)
  }

  return {
    renderFile(view, file) {
      const rendered = current.render(view, file)
      for (const problem of rendered.problems) if (current.isNews(problem)) report(problem)
      return rendered
    },
    overrideOf: (view, file) => current.overrideOf(view, file),
    problems: () => current.problems,
    version: () => current.version,
    reload(from) {
      current = readAll(from)
    },
  }
}

const templateNames = Object.keys(builtInTemplates).map((path) => path.slice('built-in/'.length, -'.liquid'.length))

interface TemplateSet extends Pick<Overrides, 'problems' | 'version'> {
  readonly render: Templates['renderFile']
  readonly overrideOf: Templates['overrideOf']
  /** True for the first time. */
  readonly isNews: (problem: TemplateProblem) => boolean
}

function createTemplateSet(overrides: Overrides): TemplateSet {
  const texts = { ...overrides.texts, ...builtInTemplates }
  const renderers = new Map<Format, LiquidRenderer>()
  const reported = new Set<string>()
  /** How often an override took too long. Each further try would hold up the node for as long. */
  const slow = new Map<string, number>()

  function rendererOf(format: Format): LiquidRenderer {
    const renderer = renderers.get(format) ?? createRenderer(format, texts)
    renderers.set(format, renderer)
    return renderer
  }

  function render(view: Viewed, file: MakerFile): Rendered {
    const scope = { ...view, line: { ...view.line, password: view.line.password.reveal() } }
    const own = { path: builtIn(file.template), body: rendererOf(file.format).render(builtIn(file.template), scope) }
    const path = overrideOf(view, file)
    const usual = { body: own.body, contentType: file.contentType, template: own.path, problems: [] }
    if (path === null) return usual
    const { body, problems } = renderOverride(path, scope, file)
    const faults = problems.length > 0 ? problems : objectionsTo(body, own.body, file)
    if (faults.length === 0) return { ...usual, body, template: path }
    return { ...usual, problems: faults.map((problem) => ({ template: path, problem })) }
  }

  function overrideOf({ device, model, site }: Pick<Viewed, 'device' | 'site' | 'model'>, { template }: Pick<MakerFile, 'template'>) {
    return overrideFor(template, { device, model: model.name, site }, overrides)
  }

  function renderOverride(
    path: string,
    scope: object,
    { format }: MakerFile,
  ): { readonly body: string; readonly problems: readonly string[] } {
    const tries = slow.get(path) ?? 0
    if (tries >= mostSlowTries) return { body: '', problems: ['took too long'] }
    try {
      return { body: rendererOf(format).render(path, scope), problems: [] }
    } catch (fault) {
      const problem = messageOf(fault)
      if (/render limit exceeded/.test(problem)) slow.set(path, tries + 1)
      return { body: '', problems: [problem] }
    }
  }

  return {
    render,
    overrideOf,
    problems: overrides.problems,
    version: overrides.version,
    isNews({ template, problem }) {
      const text = `${template} ${problem}`
      return !reported.has(text) && reported.size < mostReported && reported.add(text) !== null
    },
  }
}

/** More than one, because the machine may have been busy. */
const mostSlowTries = 3

/** Log lines about overrides until the next reload; each phone may have its own. */
const mostReported = 1_000

/** Why the file of an override is not served; empty if it can be. */
function objectionsTo(body: string, builtInBody: string, file: MakerFile): readonly string[] {
  if (body.length > largestFile) return [`makes a file of more than ${largestFile} characters`]
  // What the built-in file lacks as well, such as a server while no node runs, is not the fault of the override.
  const usual = problemsIn(builtInBody, file)
  const problems = problemsIn(body, file).filter((problem) => !usual.includes(problem))
  if (problems.length > 0) return problems
  return changedSettings(file.kept, file.format.read(builtInBody).settings, file.format.read(body).settings)
}

/** What the parser of the format and the maker's own check find in a file. */
export function problemsIn(body: string, { format, check }: MakerFile): readonly string[] {
  const { settings, problems } = format.read(body)
  return problems.length > 0 ? problems : check(settings)
}
