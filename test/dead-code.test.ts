import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './support/process/temporary-folder.js'
import { childrenOf, parseSource, readTree, root, type SourceFile, type SyntaxNode, visit } from './support/repo/source-tree.js'
import { unreadMembers } from './support/repo/unread-members.js'

/** Exports that only tests import, by reason. An entry that is used by src, or gone, fails as well. */
const exemptions: Readonly<Record<string, readonly string[]>> = {
  'the tests compare the lists with the documents, the tables or the files that repeat them': [
    'src/base/errors.ts#errorList',
    'src/base/events.ts#logEvents',
    'src/calls/failure.ts#refusals',
    'src/cli/operator/refusals.ts#refusals',
    'src/hotdesk/library.ts#libraryVersions',
    'src/hotdesk/library.ts#sourcesHash',
    'src/ivr/prompts.ts#promptNames',
    'src/media/key.ts#keys',
    'src/phones/refresh-table.ts#refreshInputs',
    'src/phones/refresh-table.ts#refreshStates',
    'src/calls/bridge/passed-headers.ts#passage',
  ],
  'the tests run commands, settings and a membership without a process of their own': [
    'src/cli/program.ts#createWholeProgram',
    'src/cli/output/terminal.ts#createTerminal',
    'src/config/config.ts#parseConfig',
    'src/directory/directory.ts#joinNetwork',
  ],
  'a rule with many cases, each tested without a node': [
    'src/calls/dial/attempt.ts#reasonFor',
    'src/calls/dial/fork.ts#bestOf',
    'src/cli/doctor/redis.ts#findingsIn',
    'src/cli/operator/status.ts#phonesIn',
    'src/cli/operator/status.ts#statusLines',
    'src/hotdesk/reconcile/daily-time.ts#nextDaily',
    'src/hotdesk/reconcile/logout-due.ts#dueBy',
    'src/provisioning/access/caller.ts#macIn',
    'src/registrar/known-sources.ts#knownSourcesNow',
    'src/sipd/core/dialogs/flow-choice.ts#isPrivateHost',
    'src/store/connections/address-text.ts#redisCliFor',
    'src/store/connections/primary-check.ts#bySentinels',
    'src/store/library/function-callers.ts#permissionFault',
  ],
  'the other side of the wire, which the tests play': [
    'src/media/dtmf/telephone-event.ts#writeTelephoneEvent',
    'src/media/sound/clip.ts#clipOf',
    'src/sip/auth/digest.ts#digestResponse',
    'src/sip/auth/digest.ts#parseChallenge',
  ],
  'a limit, time or header name that a test takes from its source': [
    'src/calls/dial/trunk-attempt.ts#patienceWithTrying',
    'src/sip/parser/field-index.ts#maxFieldBytes',
    'src/sipd/admin/link.ts#mostUnread',
  ],
  'the routes, the commands and the templates of other makers that are still to come use them': [
    'src/phone-models/phone-models.ts#modelOf',
    'src/phone-models/phone-models.ts#PhoneAgent',
  ],
  'a type of what the tests pass or get through the door': [
    'src/hotdesk/hotdesk.ts#AutomaticLogout',
    'src/registrar/registrar.ts#RegistrationKind',
    'src/sipd/sipd.ts#SipdThreadNeeds',
  ],
}

/** Members that nothing in src reads, by reason. `*` stands for the rest of a name. An entry that is read by src, or gone, fails as well. */
const exemptMembers: Readonly<Record<string, readonly string[]>> = {
  'read by a package': ['src/srf/drachtio.ts#*', 'src/srf/link/connection.ts#ConnectionNeeds.admin.secret'],
  'written to Redis field by field': ['src/calls/records/call-records.ts#CallRecord.*'],
  'exists only for the compiler': [
    'src/base/identity.ts#Extension.brand',
    'src/base/identity.ts#DeviceId.brand',
    'src/base/identity.ts#NodeName.brand',
    'src/base/identity.ts#SiteName.brand',
    'src/calls/routing/contract.ts#QuestionOf.kind',
    'src/sip/uri/uri.ts#TelUri.scheme',
  ],
  'RFC 3261 §17.2.1: the transaction MUST report a missing ACK; the core has nothing to do then': [
    'src/sipd/transaction/transaction-layer.ts#ServerTransaction.onUnacknowledged',
  ],
  'reaches the command `hotdesk why` as JSON': [
    'src/calls/routing/contract.ts#Destination.kind',
    'src/calls/routing/contract.ts#DestinationOf.kind',
    'src/calls/routing/contract.ts#Step.rule',
  ],
  'an outcome in full, which tests compare': [
    'src/hotdesk/contract.ts#LoginOutcome.displaced',
    'src/hotdesk/contract.ts#LoginOutcome.from',
    'src/hotdesk/contract.ts#LoginOutcome.device',
    'src/hotdesk/contract.ts#LogoutOutcome.calls',
    'src/hotdesk/contract.ts#Unconfirmed.reply',
    'src/registrar/recognition.ts#Recognition.by',
  ],
  'shows the tests how much is left or kept': [
    'src/calls/inbound/hop-token.ts#HopTokens.remembered',
    'src/registrar/authentication/replay-guard.ts#ReplayGuard.size',
    'src/sipd/contract.ts#SipdCounts.applications',
    'src/sipd/contract.ts#SipdCounts.unfinished',
    'src/sipd/transaction/transaction-layer.ts#ClientTransaction.terminated',
    'src/sipd/transport/accept-limiter.ts#AcceptLimiter.unproven',
  ],
  'the tests compare the fields of a message, and the settings and errors with their documents': [
    'src/base/errors/template.ts#ErrorEntry.meaning',
    'src/config/schema/options.ts#Option.fallback',
    'src/sip/message/message.ts#SipMessageBase.names',
  ],
  'the routes and the commands of provisioning that are still to come read them': [
    'src/provisioning/view/phone-view.ts#*',
    'src/phone-models/user-agent.ts#PhoneAgent.*',
    'src/phone-models/zone-rules.ts#*',
  ],
  'the phones of the demonstration also serve the tests': [
    'src/softphones/softphone.ts#Dialling.heard',
    'src/softphones/softphone.ts#Dialling.ringing',
    'src/softphones/softphone.ts#Incoming.cancelled',
    'src/softphones/softphone.ts#Incoming.reject',
    'src/softphones/softphone.ts#PhoneCall.dialog',
  ],
}

const sources = readTree('src')

const node = (value: unknown): SyntaxNode | null => (value ?? null) as SyntaxNode | null
function nameOf(value: unknown): string {
  const name = node(value)?.name ?? node(value)?.value
  return typeof name === 'string' ? name : ''
}

const nodes = (value: unknown): readonly SyntaxNode[] => (value ?? []) as readonly SyntaxNode[]

/** The names that a file exports. Types count unless the file itself uses them: they describe what it exports. */
function exportsOf({ program, text }: SourceFile): string[] {
  return childrenOf(program).flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration') return []
    const declaration = node(statement.declaration)
    if (declaration === null) return nodes(statement.specifiers).map(({ exported }) => nameOf(exported))
    if (declaration.type === 'VariableDeclaration') return nodes(declaration.declarations).flatMap(({ id }) => namesBound(node(id)))
    const name = nameOf(declaration.id)
    const isOwnType = declaration.type.startsWith('TS') && (text.match(new RegExp(`\\b${name}\\b`, 'g')) ?? []).length > 1
    return isOwnType ? [] : [name]
  })
}

/** The names that a declaration binds: `a`, `{ a, b: c }`. */
function namesBound(id: SyntaxNode | null): string[] {
  return id?.type === 'ObjectPattern' ? nodes(id.properties).map(({ value }) => nameOf(value)) : [nameOf(id)]
}

/** `file#name` of all that a file imports from others. A dynamic or namespace import uses each name that the file mentions as a member or in a pattern. */
function usesOf({ program, imports, text }: SourceFile): string[] {
  const uses: string[] = []
  visit(program, (found) => {
    if (found.type !== 'ImportDeclaration' && found.type !== 'ExportNamedDeclaration') return
    const target = imports.find(({ name }) => name === node(found.source)?.value)?.target ?? null
    if (target === null) return
    uses.push(...nodes(found.specifiers).map(({ imported, local }) => `${target}#${nameOf(imported ?? local)}`))
  })
  const isWhole = /import\(|import \* as/.test(text)
  return isWhole ? [...uses, ...usesByMention(imports, text)] : uses
}

function usesByMention(imports: SourceFile['imports'], text: string): string[] {
  const targets = imports.flatMap(({ target }) => (target === null ? [] : [target]))
  const words = Array.from(text.matchAll(/(?:\.|\{ ?|, )([A-Za-z]\w*)/g), ([, word]) => word ?? '')
  return targets.flatMap((target) => words.map((word) => `${target}#${word}`))
}

/** Exports that no other file imports. `main.ts` is where the program starts. */
function unusedExports(files: readonly SourceFile[]): string[] {
  const used = new Set(files.flatMap(usesOf))
  const isEntry = (path: string): boolean => path === 'src/main.ts' || path.endsWith('.mjs')
  return files
    .filter(({ path }) => !isEntry(path))
    .flatMap((file) => exportsOf(file).map((name) => `${file.path}#${name}`))
    .filter((name) => !used.has(name))
}

/** Names of metrics that a file declares: properties whose value is a new Counter, Gauge or Histogram. */
function metricsIn({ program }: SourceFile): string[] {
  const found: string[] = []
  visit(program, ({ type, key, value }) => {
    const isMetric = type === 'Property' && ['Counter', 'Gauge', 'Histogram'].includes(nameOf(node(node(value)?.callee)))
    if (isMetric) found.push(nameOf(key))
  })
  return found
}

/** Metrics whose name no other file uses as a member or in a pattern. */
function unobserved(declaring: SourceFile, others: readonly SourceFile[]): string[] {
  const used = new Set<string>()
  for (const { program } of others)
    visit(program, ({ type, property, key }) => {
      if (type === 'MemberExpression') used.add(nameOf(property))
      if (type === 'Property') used.add(nameOf(key))
    })
  return metricsIn(declaring).filter((name) => !used.has(name))
}

describe('dead code', () => {
  test('every export is used by another file of src, or is listed with a reason', () => {
    const found = unusedExports(sources)
    const exempt = Object.values(exemptions).flat()
    expect(found.filter((name) => !exempt.includes(name))).toEqual([])
    expect(exempt.filter((name) => !found.includes(name))).toEqual([])
  })

  test('every member of an exported type is read in src, or is listed with a reason', () => {
    const found = unreadMembers(root.replace(/\/$/, ''))
    const exempt = Object.values(exemptMembers).flat()
    const covers = (entry: string, name: string): boolean => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry)
    expect(found.filter((name) => !exempt.some((entry) => covers(entry, name)))).toEqual([])
    expect(exempt.filter((entry) => !found.some((name) => covers(entry, name)))).toEqual([])
  }, 60_000)

  test('every metric is observed', () => {
    const declaring = sources.filter(({ path }) => path.startsWith('src/base/metrics/'))
    expect(declaring.flatMap(metricsIn).length).toBeGreaterThan(50)
    const others = sources.filter((file) => !declaring.includes(file))
    expect(declaring.flatMap((file) => unobserved(file, others))).toEqual([])
  })

  test('the rule about members tells what is read, under whatever type', () => {
    const folder = temporaryFolder('dead-code')
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, lib: ['ES2023'] }, include: ['src'] }))
    const declares = `
      export interface Phone { dialled: string; taken: string; keyed: number; written: number; forgotten(): void; readonly nested: { deep: string } }
      export type State = { kind: 'on'; since: number } | { kind: 'off'; why: string }
      export interface Whole { passed(): void; spread: number; lost: number }
      interface Own { unread: string }`
    const reads = `
      import type { Phone, State, Whole } from './a.ts'
      interface Part { passed(): void }
      interface Spread { spread: number; more: number }
      const usePart = (part: Part) => part.passed()
      const useSpread = ({ spread, more }: Spread) => spread + more
      export function use(phone: Phone, state: State, whole: Whole, key: 'keyed') {
        const { taken } = phone
        phone.written = 1
        usePart(whole)
        useSpread({ ...whole, more: 1 })
        return [phone.dialled, taken, phone[key], state.kind === 'on' && state.since]
      }`
    writeFileSync(join(folder, 'src/a.ts'), declares)
    writeFileSync(join(folder, 'src/b.ts'), reads)
    const names = ['Phone.written', 'Phone.forgotten', 'Phone.nested', 'Phone.nested.deep', 'State.why', 'Whole.lost']
    expect(unreadMembers(folder)).toEqual(names.map((name) => `src/a.ts#${name}`))
  })

  test('the rules themselves tell used from unused', () => {
    const declaring = parseSource(
      'src/a.ts',
      'export const used = 1\nexport function unused() {}\nexport type Own = 1\nexport const own: Own = 1',
    )
    const importing = parseSource('src/b.ts', "import { used } from './a.js'\nconsole.log(used)")
    expect(unusedExports([declaring, importing])).toEqual(['src/a.ts#unused', 'src/a.ts#own'])
    const late = parseSource('src/c.ts', "const { unused } = await import('./a.js')")
    expect(unusedExports([declaring, late])).toEqual(['src/a.ts#used', 'src/a.ts#own'])
    const metrics = parseSource('src/m.ts', 'const m = { seen: new Counter({}), forgotten: new Gauge({}) }')
    expect(unobserved(metrics, [parseSource('src/n.ts', 'm.seen.inc()')])).toEqual(['forgotten'])
  })
})
