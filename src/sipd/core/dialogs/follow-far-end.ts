import type { ServerTransaction } from '../../transaction/transaction-layer.js'
import { type Dialog, refreshTarget } from './dialog.js'
import { flowOfRequest } from './flow-choice.js'
import { contactOfDialog } from './remote-target.js'

const refreshesTarget: ReadonlySet<string> = new Set(['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER'])

/** The far end has not proved itself (RFC 3261 §22). */
const refusesSender: ReadonlySet<number> = new Set([401, 403, 407])

/**
 * Updates the flow and the remote target by a request of the far end, when `status` responds to it. Not before: a request that the application
 * challenges may come from a third party, which must not draw the dialog to itself.
 */
export function followFarEnd(dialog: Dialog, { request, flow }: ServerTransaction, status: number): void {
  if (status < 200 || refusesSender.has(status)) return
  const isDirect = dialog.followsFlow && dialog.routeSet.length === 0 && request.vias.length === 1
  // NAT in front of a phone may have changed its port: any request of the phone shows the new one.
  if (isDirect) dialog.flow = flow
  if (!refreshesTarget.has(request.method)) return
  refreshTarget(dialog, contactOfDialog(request), { arrivedOn: flow, flow: isDirect ? flow : flowOfRequest(request, flow) })
}
