import {
  type ElementAccessExpression,
  type Identifier,
  type MethodSignatureDeclaration,
  type Node,
  type ObjectBindingPattern,
  type ObjectLiteralExpression,
  type PropertySignatureDeclaration,
  type SourceFile,
  type SpreadAssignment,
  SyntaxKind,
} from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'
import { API, type Checker, type Symbol as MemberSymbol, type Type } from 'typescript/unstable/sync'

type Declaration = PropertySignatureDeclaration | MethodSignatureDeclaration

/** The syntax that declares or reads a member. */
interface Found {
  readonly declarations: Declaration[]
  /** `name` of each `x.name`, unless it is only assigned to. */
  readonly names: Node[]
  readonly patterns: ObjectBindingPattern[]
  readonly elements: ElementAccessExpression[]
  readonly spreads: SpreadAssignment[]
}

/**
 * Members of the exported interfaces and object types of `<folder>/src` that nothing there reads: `src/phones/phones.ts#Phones.refresh`.
 *
 * `x.name`, a pattern and `x[key]` read a member; an assignment does not. An object may be read through another type. So a member also counts as read if the
 * member of the same name is read in a type to which its own type is assignable, or into which it is spread. Reads by packages are not seen.
 */
export function unreadMembers(folder: string): string[] {
  const api = new API({ cwd: folder })
  try {
    const [project] = api.updateSnapshot({ openProjects: [`${folder}/tsconfig.json`] }).getProjects()
    if (project === undefined) throw new Error(`cannot open ${folder}/tsconfig.json`)
    const { program, checker } = project
    const paths = program.getSourceFileNames().filter((path) => path.startsWith(`${folder}/src/`))
    const found = findIn(paths.flatMap((path) => program.getSourceFile(path) ?? []))
    const read = readsIn(found, checker)
    followFlows(read, flowsIn(found, checker))
    const symbols = checker.getSymbolAtLocation(found.declarations.map(({ name }) => name))
    const unread = found.declarations.filter((declaration, nth) => isExported(declaration) && !read.has(symbols[nth]))
    return unread.map((declaration) => nameOf(declaration).replace(`${folder}/`, ''))
  } finally {
    api.close()
  }
}

function findIn(files: readonly SourceFile[]): Found {
  const found: Found = { declarations: [], names: [], patterns: [], elements: [], spreads: [] }
  const look = (node: Node): void => {
    if (is.isPropertySignatureDeclaration(node) || is.isMethodSignatureDeclaration(node)) found.declarations.push(node)
    else if (is.isPropertyAccessExpression(node) && !isAssignedTo(node)) found.names.push(node.name)
    else if (is.isObjectBindingPattern(node)) found.patterns.push(node)
    else if (is.isElementAccessExpression(node)) found.elements.push(node)
    else if (is.isSpreadAssignment(node)) found.spreads.push(node)
    node.forEachChild(look)
  }
  files.forEach(look)
  return found
}

function isAssignedTo(node: Node): boolean {
  const { parent } = node
  return is.isBinaryExpression(parent) && parent.left === node && is.isEqualsToken(parent.operatorToken)
}

/** Symbols are compared by their declarations: a member of a union or of `Pick<…>` has a symbol of its own. */
interface Reads {
  /** Answers whether it is new. */
  add(symbol: MemberSymbol | undefined): boolean
  has(symbol: MemberSymbol | undefined): boolean
}

function createReads(): Reads {
  const read = new Set<string>()
  const keysOf = (symbol: MemberSymbol | undefined): string[] => (symbol?.declarations ?? []).map(({ path, index }) => `${path}:${index}`)
  return {
    add(symbol) {
      const before = read.size
      for (const key of keysOf(symbol)) read.add(key)
      return read.size > before
    },
    has: (symbol) => keysOf(symbol).some((key) => read.has(key)),
  }
}

function readsIn({ names, patterns, elements }: Found, checker: Checker): Reads {
  const read = createReads()
  for (const symbol of checker.getSymbolAtLocation(names)) read.add(symbol)
  const patternTypes = checker.getTypeAtLocation(patterns)
  for (const [nth, pattern] of patterns.entries())
    for (const name of namesIn(pattern)) read.add(propertyOf(patternTypes[nth], name, checker))
  const objectTypes = checker.getTypeAtLocation(elements.map(({ expression }) => expression))
  const keyTypes = checker.getTypeAtLocation(elements.flatMap(({ argumentExpression }) => argumentExpression ?? []))
  for (const [nth, type] of objectTypes.entries()) {
    const keys = literalsIn(keyTypes[nth])
    for (const symbol of propertiesOf(type, checker)) if (keys === null || keys.includes(symbol.name)) read.add(symbol)
  }
  return read
}

function namesIn(pattern: ObjectBindingPattern): string[] {
  return pattern.elements.flatMap((element) => {
    const { propertyName, name, dotDotDotToken } = element
    const read = propertyName ?? name
    return dotDotDotToken === undefined && read !== undefined && 'text' in read ? [String(read.text)] : []
  })
}

/** The strings that a type consists of; null: any string. */
function literalsIn(type: Type | undefined): string[] | null {
  const literals = (type?.isUnionType() ? type.getTypes() : [type]).map((one) => (one?.isStringLiteralType() ? one.value : null))
  return literals.every((literal) => literal !== null) ? literals : null
}

function propertyOf(type: Type | undefined, name: string, checker: Checker): MemberSymbol | undefined {
  return type && checker.getPropertyOfType(type, name)
}

function propertiesOf(type: Type | undefined, checker: Checker): readonly MemberSymbol[] {
  return type === undefined || checker.isArrayLikeType(type) ? [] : checker.getPropertiesOfType(type)
}

/** A value of the member `from` may be read as the member `to`. */
interface Flow {
  readonly from: MemberSymbol
  readonly to: MemberSymbol | typeof anywhere
  isPossible(): boolean
}

/** In an object without a declared type, or in a record. */
const anywhere = Symbol('anywhere')

function followFlows(read: Reads, flows: readonly Flow[]): void {
  const added = flows.filter(
    ({ from, to, isPossible }) => (to === anywhere || read.has(to)) && !read.has(from) && isPossible() && read.add(from),
  )
  if (added.length > 0) followFlows(read, flows)
}

function flowsIn({ spreads, declarations }: Found, checker: Checker): Flow[] {
  return [...spreads.flatMap((spread) => flowsOfSpread(spread, checker)), ...flowsByType(declarations, checker)]
}

function flowsOfSpread({ expression, parent }: SpreadAssignment, checker: Checker): Flow[] {
  const into = checker.getContextualType(parent as ObjectLiteralExpression)
  const isOpen = into === undefined || checker.getIndexInfosOfType(into).length > 0
  return propertiesOf(checker.getTypeAtLocation(expression), checker).flatMap((from) => {
    const to = isOpen ? anywhere : propertyOf(into, from.name, checker)
    return to === undefined ? [] : [{ from, to, isPossible: () => true }]
  })
}

function flowsByType(declarations: readonly Declaration[], checker: Checker): Flow[] {
  const symbols = checker.getSymbolAtLocation(declarations.map(({ name }) => name))
  const owners = new Map<Node, Type | undefined>()
  const ownerOf = ({ parent }: Declaration): Type | undefined => {
    if (!owners.has(parent)) owners.set(parent, checker.getTypeAtLocation(parent))
    return owners.get(parent)
  }
  const namesakes = new Map<string, { symbol: MemberSymbol; declaration: Declaration }[]>()
  for (const [nth, declaration] of declarations.entries()) {
    const symbol = symbols[nth]
    if (symbol !== undefined) namesakes.set(symbol.name, [...(namesakes.get(symbol.name) ?? []), { symbol, declaration }])
  }
  const isPossible = (from: Declaration, to: Declaration): boolean => {
    const [source, target] = [ownerOf(from), ownerOf(to)]
    return source !== undefined && target !== undefined && checker.isTypeAssignableTo(source, target)
  }
  return [...namesakes.values()].flatMap((members) =>
    members.flatMap((from) =>
      members.map((to) => ({ from: from.symbol, to: to.symbol, isPossible: () => isPossible(from.declaration, to.declaration) })),
    ),
  )
}

function isExported(declaration: Declaration): boolean {
  const statement = outermost(declaration)
  const isType = is.isInterfaceDeclaration(statement) || is.isTypeAliasDeclaration(statement)
  return isType && (statement.modifiers ?? []).some(({ kind }) => kind === SyntaxKind.ExportKeyword)
}

/** The statement of the file that holds the declaration. */
function outermost(node: Node): Node {
  return is.isSourceFile(node.parent) ? node : outermost(node.parent)
}

/** `Phones.refresh`; a member of a nested type has the names of the members around it: `Config.sip.timers`. */
function nameOf(declaration: Declaration): string {
  const names: string[] = []
  for (let node: Node = declaration; !is.isSourceFile(node); node = node.parent)
    if ('name' in node && node.name !== undefined) names.unshift((node.name as Identifier).text)
  return `${declaration.getSourceFile().fileName}#${names.join('.')}`
}
