import type { SiteName } from '../../base/identity.js'
import type { LiveNode } from '../../directory/directory.js'
import type { Knowledge, QuestionOf, Ruling } from '../routing/contract.js'
import { routed } from '../routing/number-rules.js'
import { siteChoices, siteKeys } from './site-choices.js'

// ── at the site of the phone ─────────────────────────────────────────────────────────────────────────────────────────

export function site({ site, digits, user }: QuestionOf<'break-out'>, { dialplan, directory }: Knowledge): Ruling {
  if (site === dialplan.site)
    return {
      words: `the number is dialled by the plan of ${site}, which is this site`,
      ask: { kind: 'broken-out', digits, user, use: 'call' },
    }
  if (directory.site(site) === null) return { words: `no site is named ${site}`, to: { kind: 'refused', reason: 'unknown-number' } }
  return { words: `the number is dialled by the plan of ${site}` }
}

export function menu({ digits, user }: QuestionOf<'break-out-menu'>, knowledge: Knowledge): Ruling {
  const choices = siteChoices(knowledge)
  const isNumber = /^[+0-9*#]*$/.test(digits)
  if (choices.length > 0 && isNumber)
    return { words: `the caller chooses a site: ${siteKeys(choices)}`, to: { kind: 'break-out-menu', site: null, choices, digits, user } }
  const words = isNumber ? 'there is no other site to choose' : 'the name of the site cannot be read'
  return { words, to: { kind: 'refused', reason: 'site-missing' } }
}

/**
 * A site whose nodes are all draining or of an earlier version is away like one without living nodes: the caller can do nothing about any of
 * them.
 */
export function node({ site, digits, user }: QuestionOf<'break-out'>, { directory }: Knowledge): Ruling {
  const living = directory.nodes().filter((each) => each.site === site)
  const able = living.filter(({ takes }) => takes.includes('break-out'))
  const nodes = able.filter(({ isDraining }) => !isDraining)
  if (nodes.length > 0 && digits === '')
    return { words: 'the caller enters the number', to: { kind: 'break-out-menu', site, choices: [], digits, user } }
  if (nodes.length > 0) return { words: `break-out to ${site}, ${named(nodes)}`, to: { kind: 'break-out', site, digits, nodes } }
  return { words: whyNone(site, living, able), to: { kind: 'refused', reason: 'site-away' } }
}

function whyNone(site: SiteName, living: readonly LiveNode[], able: readonly LiveNode[]): string {
  if (living.length === 0) return `no node of ${site} is alive`
  return able.length === 0 ? `${named(living)} of ${site} must be updated to take break-outs` : `${named(able)} of ${site} is draining`
}

function named(nodes: readonly LiveNode[]): string {
  return `node ${nodes.map(({ name }) => name).join(', then ')}`
}

// ── at the site that is named ────────────────────────────────────────────────────────────────────────────────────────

export function caller({ user }: QuestionOf<'broken-out'>, { dialplan }: Knowledge): Ruling {
  if (user === null) return { words: `the caller is assumed to be a user, and dials by the plan of ${dialplan.site}` }
  return { words: `${user.name} (${user.extension}) dials by the plan of ${dialplan.site}` }
}

/** A break-out leads neither to another one, which could go on in a circle, nor to the codes of this site's phones. */
export function number({ digits }: QuestionOf<'broken-out'>, knowledge: Knowledge): Ruling {
  const { dialplan, trunks } = knowledge
  const route = dialplan.route(digits)
  // The phone's own node has carried the numbers that it knows of: this is one that the site has only just added.
  if (route.kind === 'emergency')
    return { words: `${digits} is an emergency number of ${dialplan.site}`, to: { ...route, trunks: trunks.order(route.trunks) } }
  if (route.kind === 'break-out') return { words: 'a break-out does not lead to another', to: { kind: 'refused', reason: 'not-from-here' } }
  // The caller is not known to have been anywhere: forwards apply, as at the site of the phone.
  if (route.kind === 'feature')
    return {
      words: `short code ${route.shortCode} works only for phones of ${dialplan.site}`,
      to: { kind: 'refused', reason: 'not-from-here' },
    }
  if (route.kind === 'announcement') return { words: `short code ${route.shortCode} plays the prompt ${route.prompt}`, to: route }
  return routed(digits, route, { hops: 0, trail: [], diversions: [] }, knowledge)
}
