import type { FarEnd } from '../contract.js'
import type { Drachtio, DrachtioAgent } from '../drachtio.js'

/** Sets the next hop of requests in dialogs whose far end is followed. */
export interface FarEnds {
  /** Returns the function that stops. */
  follow(dialogId: string, farEnd: FarEnd): () => void
}

/** drachtio-srf supports a next hop only outside dialogs, the wire supports it in every request. */
export function createFarEnds(drachtio: Drachtio): FarEnds {
  const byDialog = new Map<string, FarEnd>()
  let followed: DrachtioAgent | undefined

  function watch(agent: DrachtioAgent | undefined): void {
    if (!agent || agent === followed) return
    followed = agent
    const makeRequest = agent._makeRequest.bind(agent)
    agent._makeRequest = (params) => {
      const { options } = params
      const hop = byDialog.get(options.stackDialogId ?? '')?.hop() ?? null
      return makeRequest(hop === null ? params : { ...params, options: { ...options, proxy: hop } })
    }
  }

  return {
    follow(dialogId, farEnd) {
      watch(drachtio.app.client)
      byDialog.set(dialogId, farEnd)
      return () => {
        if (byDialog.get(dialogId) === farEnd) byDialog.delete(dialogId)
      }
    },
  }
}
