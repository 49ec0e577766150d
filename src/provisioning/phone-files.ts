import { createHash } from 'node:crypto'
import type { DeviceId } from '../base/identity.js'
import type { Directory } from '../directory/directory.js'
import type { Hotdesk } from '../hotdesk/hotdesk.js'
import { modelIn, readUserAgent } from '../phone-models/phone-models.js'
import type { Store } from '../store/store.js'
import type { MakerFile } from './makers/maker.js'
import { makers } from './makers/makers.js'
import type { Templates } from './rendering/templates.js'
import type { PhoneLine, PhoneView, SipServer } from './view/phone-view.js'
import { phoneViewOf } from './view/view-of-phone.js'

/** URLs of the phone's own folder, which end with `/` and contain a secret; null while none can be made. */
export interface PhoneFolders {
  /** Opens everything: the phone fetches its configuration from here from now on. Null if it does so already, too. */
  readonly own: string | null
  /** Opens directories and the call log only. */
  readonly pages: string | null
}

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
  readonly store: Pick<Store, 'replica' | 'clock'>
  readonly directory: Pick<Directory, 'device' | 'user' | 'site' | 'nodes'>
  readonly hotdesk: Pick<Hotdesk, 'userOn'>
  readonly templates: Pick<Templates, 'renderFile' | 'version'>
  readonly line: Pick<PhoneLine, 'domain' | 'expiresSeconds'>
  /** Where phones register; empty: at the nodes of their site. */
  readonly servers: readonly SipServer[]
}

/** Phones renew subscriptions of lamps in this time. */
const subscribeSeconds = 1_800
/** Files that are kept; the oldest is made again. */
const mostKept = 2_000
/** A phone keeps a second server for when the first is lost; more do not fit into the settings of every make. */
const mostServers = 2

interface FamilyFile {
  readonly family: string
  readonly file: MakerFile
}

const allFiles: readonly FamilyFile[] = makers.flatMap(({ family, files }) => files.map((file) => ({ family, file })))

export function createPhoneFiles(needs: PhoneFilesNeeds): PhoneFiles {
  const { store, directory, hotdesk, templates, line, servers } = needs
  const kept = new Map<string, { readonly key: string; readonly made: MadeFile }>()
  const network = {
    site: directory.site,
    nameOf: (extension: string) => directory.user(extension as never)?.name ?? null,
    get year() {
      return new Date(store.clock.now()).getUTCFullYear()
    },
  }

  function viewOf({ device: id, userAgent, folders }: AskedFile): PhoneView | null {
    const device = directory.device(id)
    if (!device?.password) return null
    const record = store.replica.hash(`device:${id}`)
    const loggedIn = hotdesk.userOn(id)
    const user = loggedIn ?? device.owner
    const pages = folders.pages === null ? null : `${folders.pages}pages/`
    return phoneViewOf({
      device,
      password: device.password,
      model: modelIn(userAgent, device.model),
      user: user === null ? null : directory.user(user),
      isLoggedIn: loggedIn !== null,
      isDraining: record?.get('state') === 'draining',
      line: { ...line, servers: servers.length > 0 ? servers : nodesOf(device.site), subscribeSeconds },
      folder: folders.own,
      pages: pages === null ? null : { central: `${pages}central`, personal: `${pages}personal`, calls: `${pages}calls` },
      epoch: record?.get('epoch') ?? '',
      network,
    })
  }

  function nodesOf(site: string): readonly SipServer[] {
    const nodes = directory.nodes().toSorted((one, other) => one.name.localeCompare(other.name, 'en'))
    const own = nodes.filter((node) => node.site === site)
    return (own.length > 0 ? own : nodes).flatMap(({ sip }) => serverIn(sip) ?? []).slice(0, mostServers)
  }

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
      const view = found && viewOf(asked)
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

/** `udp:192.0.2.10:5060` */
function serverIn(sip: string): SipServer | null {
  const parts = /^(udp|tcp|tls):(?:\[([0-9a-fA-F:.]{2,45})\]|([^:[\]]{1,253})):([0-9]{1,5})$/.exec(sip)
  const host = parts?.[2] ?? parts?.[3]
  return parts && host !== undefined ? { transport: parts[1] as SipServer['transport'], host, port: Number(parts[4]) } : null
}
