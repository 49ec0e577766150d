import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import { parseUri, schemeOf } from '../../sip/uri/uri.js'
import type { OutboundPlace, OutboundRoute } from '../contract.js'
import type { Application, Applications } from '../core/application.js'
import type { UserAgent } from '../core/user-agent.js'
import { createAdviser, type RouteTo } from './adviser.js'
import type { Registry } from './registry.js'

export interface OutboundNeeds {
  readonly registry: Registry
  readonly routes: readonly OutboundRoute[]
  readonly dial: (place: OutboundPlace) => Application | null
  readonly userAgent: () => UserAgent
  readonly clock: Clock
  readonly log: Logger
}

/** drachtio's outbound mode: for some methods we connect to an application, or ask an HTTP server. Others go to applications that have connected to us. */
export function withOutbound(needs: OutboundNeeds): Applications {
  const { registry, routes } = needs
  if (routes.length === 0) return registry
  // Of two routes for the same method the first counts.
  const choices = new Map(routes.toReversed().map((route) => [route.method, choiceOf(route, needs)]))
  return {
    choose(method) {
      const choose = choices.get(method) ?? choices.get('*')
      return choose?.() ?? registry.choose(method)
    },
    methods: () => [...new Set([...registry.methods(), ...[...choices.keys()].filter((method) => method !== '*')])],
  }
}

type Choice = () => Application | null

function choiceOf(route: OutboundRoute, { registry, dial, userAgent, clock, log }: OutboundNeeds): Choice {
  if (route.protocol !== 'http') return () => dial(route)
  const find = (method: string, to: RouteTo): Application | null => {
    if ('tag' in to) return registry.tagged(method, to.tag)
    const place = placeOf(to.uri)
    return place && dial(place)
  }
  const adviser = createAdviser({ url: route.url, userAgent, find, clock, log })
  return () => adviser
}

/** `192.0.2.1:3001;transport=tls`, also with `sip:`; TCP by default. */
function placeOf(text: string): OutboundPlace | null {
  const uri = parseUri(schemeOf(text).startsWith('sip') ? text : `sip:${text}`)
  if (uri?.kind !== 'sip' || uri.user !== null || uri.port === null) return null
  const protocol = uri.params.get('transport') ?? 'tcp'
  return protocol === 'tcp' || protocol === 'tls' ? { protocol, address: uri.host, port: uri.port } : null
}
