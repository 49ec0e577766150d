import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AppError, errors, isAppError } from '../../base/errors.js'
import { type NodeName, parseNodeName, parseSiteName, type SiteName } from '../../base/identity.js'
import type { Config } from '../../config/config.js'
import type { Directory } from '../../directory/directory.js'

/** Which nodes a command asks. */
export interface NodeChoice {
  readonly node?: string
  readonly site?: string
  readonly all?: boolean
}

/** Adds `--node`, `--site` and `--all`. */
export function addNodeOptions(command: Command): Command {
  return command
    .addOption(new Option('--node <node>', 'this node (default: the node of this configuration)').argParser(nameOf))
    .addOption(new Option('--site <site>', 'every node of this site').argParser(nameOf).conflicts('node'))
    .addOption(new Option('--all', 'every node of the network').conflicts(['node', 'site']))
}

/** Nodes and sites have names of the same form. */
function nameOf(text: string): string {
  if (parseNodeName(text) === null)
    throw new InvalidArgumentError('A name is a lower-case letter followed by lower-case letters, digits or -.')
  return text
}

/** The live nodes that are meant, by name. @throws AppError NODE_SILENT if there is none */
export function chosenNodes({ node, site, all }: NodeChoice, directory: Directory, config: Config): readonly NodeName[] {
  if (all === true) return liveNodes(directory)
  if (site !== undefined) return nodesOf(site, directory)
  const name = node === undefined ? config.node : parseNodeName(node)
  if (name !== null && directory.node(name)) return [name]
  throw errors.NODE_SILENT.away({ node: name ?? node ?? '' })
}

/** The live nodes of a site, by name. @throws AppError NODE_SILENT if there is none */
function nodesOf(text: string, directory: Directory): readonly NodeName[] {
  const site = parseSiteName(text)
  const found = liveNodes(directory, site)
  if (found.length === 0) throw errors.NODE_SILENT.noneAt({ site: text })
  return found
}

function liveNodes(directory: Directory, site: string | null = null): readonly NodeName[] {
  const nodes = directory.nodes().filter((node) => site === null || node.site === site)
  return nodes.map(({ name }) => name).toSorted()
}

/** What a node answers, or why it does not. */
export type Asked<Answer> = { readonly answer: Answer } | { readonly fault: AppError }

export interface NodeToAsk {
  /** null: no node of the site is up. */
  readonly node: NodeName | null
  readonly site: SiteName
}

/** Asks a node that is up and answers requests. Rejects with the error with which it refuses. */
export async function asked<Answer>(
  { node, site }: NodeToAsk,
  directory: Pick<Directory, 'node'>,
  ask: (node: NodeName) => Promise<Answer>,
): Promise<Asked<Answer>> {
  const live = node && directory.node(node)
  if (!live) return { fault: errors.NODE_SILENT.noneAt({ site }) }
  if (!live.takes.includes('requests')) return { fault: errors.NODE_SILENT.earlier({ node: live.name, version: live.version }) }
  try {
    return { answer: await ask(live.name) }
  } catch (fault) {
    if (isAppError(fault, 'NODE_SILENT')) return { fault }
    throw fault
  }
}
