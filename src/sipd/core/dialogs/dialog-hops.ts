import { isAppError } from '../../../base/errors.js'
import { namesFlow } from '../../../sip/uri/flow-uri.js'
import type { Flow, Hop } from '../../transaction/transaction-layer.js'
import type { Core } from '../core.js'
import { explicitNextHop, onFlow } from '../uac/locator.js'
import { type Dialog, dialogId } from './dialog.js'

interface HopsListener {
  readonly found: (hops: readonly [Hop, ...Hop[]]) => void
  readonly failed: (reason: string) => void
}

/** Finds the hops for a request in a dialog, preferred ones first. */
export function locateInDialog(core: Core, dialog: Dialog, routeUri: string, { found, failed }: HopsListener): void {
  const some = (hops: readonly Hop[]): void => {
    const [first, ...others] = hops
    if (first) found([first, ...others])
    else failed('DNS Error')
  }
  // A proxy with a Record-Route chooses the flow itself.
  const isRouted = routeUri !== '' && !(namesFlow(routeUri) && dialog.routeSet.length > 0)
  const over = !isRouted && (dialog.isPinned || dialog.routeSet.length === 0) ? dialog.flow : null
  if (over) found([{ ...hopOf(over), isUnconfirmed: isUnconfirmed(dialog) }, ...(dialog.isPinned ? [] : otherHops(core, dialog))])
  else if (isRouted)
    core.locator.locate(explicitNextHop(routeUri), (hops) => some(namesFlow(routeUri) ? followFlow(core, dialog, hops) : hops), failed)
  else if (dialog.hops) some(dialog.hops)
  else {
    const { next } = dialog.path
    const remember = (hops: readonly Hop[]): void => {
      if (dialog.path.next === next) dialog.hops = hops
      some(hops)
    }
    core.locator.locate({ uri: next, from: dialog.socket }, remember, failed)
  }
}

/**
 * The application recognised the phone, so the server's own requests use this flow from now on. If the connection is closed, the phone may
 * still listen at the port of its Contact, provided that the address is the same.
 */
function followFlow(core: Core, dialog: Dialog, found: readonly Hop[]): readonly Hop[] {
  dialog.followsFlow = true
  dialog.isPinned = false
  dialog.flow = null
  const [first] = found
  const isStream = first !== undefined && first.protocol !== 'udp'
  const others = isStream ? otherHops(core, dialog).filter(({ remote }) => remote.address === first.remote.address) : []
  dialog.hops = [...found.map(onFlow), ...others]
  return dialog.hops
}

/** A call from an unknown source that has not sent its ACK yet. */
function isUnconfirmed({ id, callId, remoteTag, creator, isPinned, acknowledgedAt }: Dialog): boolean {
  return isPinned && creator === 'INVITE' && acknowledgedAt === 0 && id === dialogId(callId, remoteTag)
}

function hopOf(flow: Flow): Hop {
  return { protocol: flow.protocol, remote: flow.remote, local: flow.local, advertised: flow.advertised, flow }
}

/** Alternatives if the dialog's connection is closed: the remote target, if it names an address. */
function otherHops({ layer }: Core, { flow, path, socket }: Dialog): readonly Hop[] {
  if (flow?.connection === null) return []
  try {
    return layer.locateNow(path.next, socket) ?? []
  } catch (fault) {
    if (!isAppError(fault, 'SIP_SEND_FAILED')) throw fault
    return []
  }
}
