import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { messageOf } from '../../base/errors.js'

/** What an operator's folder may hold. */
const most = { files: 2_000, bytesOfFile: 256 * 1024, bytes: 16 * 1024 * 1024 } as const

/** For which phones a template in the operator's folder is used; the first that exists counts. */
const scopes = ['device', 'model', 'site'] as const

/** Where a phone's overrides may lie. */
export interface Place {
  readonly device: string
  readonly model: string
  readonly site: string
}

export interface TemplateProblem {
  /** `site/paris/yealink.liquid` */
  readonly template: string
  readonly problem: string
}

/** The templates of an operator, as they were read. */
export interface Overrides {
  /** Path below the folder, in lower case → text. */
  readonly texts: Readonly<Record<string, string>>
  readonly problems: readonly TemplateProblem[]
  /** Changes with every edit. */
  readonly version: string
}

export const noOverrides: Overrides = { texts: {}, problems: [], version: 'none' }

/** The path of the most specific override of a template, or null. */
export function overrideFor(template: string, place: Place, { texts }: Overrides): string | null {
  const paths = scopes.map((scope) => `${scope}/${place[scope]}/${template}.liquid`.toLowerCase())
  return paths.find((path) => Object.hasOwn(texts, path)) ?? null
}

/**
 * Reads the templates of an operator: `device/HD0001/…`, `model/T54W/…`, `site/paris/…` replace a built-in template of the same name, `parts/…`
 * are for `{% render %}` and `{% layout %}`. Upper and lower case are the same.
 *
 * @param templates names of the built-in templates
 */
export function readOverrides(folder: string, templates: readonly string[]): Overrides {
  const problems: TemplateProblem[] = []
  const texts: Record<string, string> = {}
  let bytes = 0
  for (const path of filesIn(folder, problems)) {
    const read = objectionTo(path, templates) ?? textIn(join(folder, path))
    if (typeof read === 'string') problems.push({ template: path, problem: read })
    else if (bytes + read.text.length > most.bytes)
      problems.push({ template: path, problem: `the folder has more than ${most.bytes} bytes` })
    else {
      bytes += read.text.length
      texts[path.toLowerCase()] = read.text
    }
  }
  return { texts, problems, version: createHash('sha256').update(JSON.stringify(texts)).digest('base64url').slice(0, 16) }
}

/** The text of a file, or why there is none. */
function textIn(file: string): { readonly text: string } | string {
  try {
    const stats = statSync(file)
    // A pipe or a device could hold up the node for ever.
    if (!stats.isFile()) return 'is not a file'
    return stats.size > most.bytesOfFile ? `has more than ${most.bytesOfFile} bytes` : { text: readFileSync(file, 'utf8') }
  } catch (fault) {
    return messageOf(fault)
  }
}

/** The Liquid files of the folder, with `/` in their paths; a folder that cannot be read is a problem. */
function filesIn(folder: string, problems: TemplateProblem[]): readonly string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    const paths = entries
      .filter((entry) => entry.name.endsWith('.liquid') && !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort()
    if (paths.length > most.files) problems.push({ template: folder, problem: `has more than ${most.files} templates` })
    return paths.slice(0, most.files)
  } catch (fault) {
    problems.push({ template: folder, problem: messageOf(fault) })
    return []
  }
}

/** Why no phone would ever get this file; null if one may. */
function objectionTo(path: string, templates: readonly string[]): string | null {
  const [scope = '', name, file, ...more] = path.toLowerCase().split('/')
  if (scope === 'parts') return null
  if (!(scopes as readonly string[]).includes(scope)) return `templates are in ${scopes.join('/, ')}/ and parts/`
  if (name === undefined || file === undefined || more.length > 0) return `expected ${scope}/<name>/<template>.liquid`
  const isKnown = templates.includes(file.replace('.liquid', ''))
  return isKnown ? null : `no built-in template has this name; there are ${templates.join(', ')}. Parts of templates are in parts/`
}
