import type { OutboundRoute } from '../contract.js'
import type { Application, Applications } from '../dialog/application.js'

/** Applications that connect to us, and before them those that we connect to for a method (drachtio's outbound mode). */
export function withOutbound(
  inbound: Applications,
  routes: readonly OutboundRoute[],
  dial: (route: OutboundRoute) => Application | null,
): Applications {
  if (routes.length === 0) return inbound
  return {
    choose(method) {
      const route = routes.find((one) => one.method === method) ?? routes.find((one) => one.method === '*')
      return (route && dial(route)) ?? inbound.choose(method)
    },
    methods: () => [...new Set([...inbound.methods(), ...routes.map(({ method }) => method).filter((method) => method !== '*')])],
  }
}
