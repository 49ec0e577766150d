import { createHash } from 'node:crypto'
import type { DeviceId } from '../base/identity.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import { modelIn, readUserAgent } from '../phone-models/phone-models.js'
import type { MakerFile } from './makers/maker.js'
import { makers } from './makers/makers.js'
import type { Templates } from './rendering/templates.js'
import type { PhoneView } from './view/phone-view.js'
import type { PhoneFolders, ViewedPhone } from './view/phone-views.js'

export interface AskedFile {
  readonly device: DeviceId
  readonly path: string
  readonly userAgent: string
  readonly folders: PhoneFolders
}

export interface MadeFile {
  readonly body: string
  readonly contentType: string
  readonly etag: string
  /** Name of the template, for the log. */
  readonly template: string
  /** The file from which the phone shows its user; false for files beside it. */
  readonly isWhole: boolean
  /** `epoch` of the phone's record. */
  readonly epoch: string
}

/** The files of phones. */
export interface PhoneFiles {
  /** Whether phones of any make ask for such a path. */
  isKnown(path: string): boolean
  /** What path and User-Agent show about the phone. Proves nothing. */
  claimOf(path: string, userAgent: string): { readonly mac: string | null; readonly model: string | null }
  /** Null if this phone has no such file. */
  make(asked: AskedFile): MadeFile | null
}

export interface PhoneFilesNeeds {
  readonly directory: Pick<Directory, 'device'>
  readonly hotdesk: Pick<Hotdesk, 'userOn'>
  readonly templates: Pick<Templates, 'renderFile' | 'version'>
  readonly viewOf: (phone: ViewedPhone) => PhoneView | null
}

/** Files that are kept; the oldest is made again. */
const mostKept = 2_000

interface FamilyFile {
  readonly family: string
  readonly file: MakerFile
}

const allFiles: readonly FamilyFile[] = makers.flatMap(({ family, files }) => files.map((file) => ({ family, file })))

export function createPhoneFiles({ directory, hotdesk, templates, viewOf }: PhoneFilesNeeds): PhoneFiles {
  const kept = new Map<string, { readonly key: string; readonly made: MadeFile }>()

  function fileOf({ path, userAgent }: Pick<AskedFile, 'path' | 'userAgent'>, model: string | null): FamilyFile | null {
    const { family } = modelIn(userAgent, model)
    const fitting = allFiles.filter(({ file }) => file.pattern.test(path))
    return fitting.find((each) => each.family === family) ?? fitting[0] ?? null
  }

  return {
    isKnown: (path) => path.length <= longestPath && allFiles.some(({ file }) => file.pattern.test(path)),
    claimOf(path, userAgent) {
      const agent = readUserAgent(userAgent)
      const named = allFiles.flatMap(({ file }) => file.pattern.exec(path)?.groups?.mac ?? [])[0]
      const model = agent ? [makeNames[agent.make], agent.model ?? ''].join(' ').trimEnd() : null
      return { mac: named?.toLowerCase() ?? agent?.mac ?? null, model }
    },
    make(asked) {
      const found = fileOf(asked, directory.device(asked.device)?.model ?? null)
      const view = found && viewOf({ ...asked, loggedIn: hotdesk.userOn(asked.device) })
      if (!found || !view) return null
      const { file, family } = found
      const key = digestOf(JSON.stringify([view, view.line.password.reveal(), templates.version()]))
      const place = `${asked.device} ${file.template}`
      const known = kept.get(place)
      if (known?.key === key) return known.made
      const { body, contentType, template } = templates.renderFile(view, file)
      const etag = `"${digestOf(body).slice(0, 22)}"`
      const made = { body, contentType, etag, template, isWhole: file.template === family, epoch: view.epoch }
      kept.delete(place)
      const [oldest] = kept.keys()
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest)
      kept.set(place, { key, made })
      return made
    },
  }
}

const longestPath = 120

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

const makeNames = {
  yealink: 'Yealink',
  snom: 'Snom',
  grandstream: 'Grandstream',
  poly: 'Poly',
  fanvil: 'Fanvil',
  gigaset: 'Gigaset',
  cisco: 'Cisco',
  generic: '',
} as const
