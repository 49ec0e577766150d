import { isAppError } from '../../../base/errors.js'
import { namesFlow } from '../../../sip/uri/flow-uri.js'
import type { Flow, Hop, TransactionLayer } from '../../transaction/transaction-layer.js'
import { explicitNextHop, type Locator, onFlow } from '../uac/locator.js'
import { type Dialog, dialogId } from './dialog.js'

/** At least one hop, preferred ones first. */
export type Hops = readonly [Hop, ...Hop[]]

interface HopsListener {
  readonly found: (hops: Hops) => void
  readonly failed: (reason: string) => void
}

/** Finds the hops for requests in dialogs. */
export interface DialogLocator {
  /** `routeUri`: the next hop that the application names; `''` for the dialog's own. */
  locate(dialog: Dialog, routeUri: string, listener: HopsListener): void
}

export interface DialogLocatorNeeds {
  readonly layer: Pick<TransactionLayer, 'locateNow'>
  readonly locator: Locator
}

export function createDialogLocator({ layer, locator }: DialogLocatorNeeds): DialogLocator {
  /**
   * The application named the phone's flow, so the server's own requests use it from now on too. If the connection is closed, the phone
   * may still listen at the port of its Contact, provided that the address is the same.
   */
  function followFlow(dialog: Dialog, found: readonly Hop[]): readonly Hop[] {
    dialog.followsFlow = true
    dialog.isPinned = false
    dialog.flow = null
    const [first] = found
    const isStream = first !== undefined && first.protocol !== 'udp'
    const others = isStream ? otherHops(dialog).filter(({ remote }) => remote.address === first.remote.address) : []
    dialog.hops = [...found.map(onFlow), ...others]
    return dialog.hops
  }

  /** Alternatives if the dialog's connection is closed: the remote target, if it names an address. */
  function otherHops({ flow, path, socket }: Dialog): readonly Hop[] {
    if (flow?.connection === null) return []
    try {
      return layer.locateNow(path.next, socket) ?? []
    } catch (fault) {
      if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
      return []
    }
  }

  function locateRoute(dialog: Dialog, routeUri: string, listener: HopsListener): void {
    const found = (hops: readonly Hop[]): void => report(namesFlow(routeUri) ? followFlow(dialog, hops) : hops, listener)
    locator.locate(explicitNextHop(routeUri), found, listener.failed)
  }

  function locatePath(dialog: Dialog, listener: HopsListener): void {
    const { next } = dialog.path
    const found = (hops: readonly Hop[]): void => {
      if (dialog.path.next === next) dialog.hops = hops
      report(hops, listener)
    }
    locator.locate({ uri: next, from: dialog.socket }, found, listener.failed)
  }

  return {
    locate(dialog, routeUri, listener) {
      // A proxy with a Record-Route chooses the flow itself.
      const isRouted = routeUri !== '' && !(namesFlow(routeUri) && dialog.routeSet.length > 0)
      const flow = !isRouted && (dialog.isPinned || dialog.routeSet.length === 0) ? dialog.flow : null
      if (flow) {
        const others = dialog.isPinned ? [] : otherHops(dialog)
        listener.found([{ ...hopOver(flow), isUnconfirmed: isUnconfirmed(dialog) }, ...others])
      } else if (isRouted) locateRoute(dialog, routeUri, listener)
      else if (dialog.hops) report(dialog.hops, listener)
      else locatePath(dialog, listener)
    },
  }
}

function report([first, ...others]: readonly Hop[], { found, failed }: HopsListener): void {
  if (first) found([first, ...others])
  else failed('DNS Error')
}

/** A call from an unknown source that has not sent its ACK yet. */
function isUnconfirmed({ id, callId, remoteTag, creator, isPinned, acknowledgedAt }: Dialog): boolean {
  return isPinned && creator === 'INVITE' && acknowledgedAt === 0 && id === dialogId(callId, remoteTag)
}

function hopOver(flow: Flow): Hop {
  return { protocol: flow.protocol, remote: flow.remote, local: flow.local, advertised: flow.advertised, flow }
}
