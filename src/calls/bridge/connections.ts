import type { Clock } from '../../base/clock.js'
import type { Logger } from '../../base/logger.js'
import type { Metrics } from '../../base/metrics.js'
import type { Call } from '../call.js'
import type { NodeParts } from '../node-parts.js'
import { type Connect, type ConnectNeeds, createConnect } from './connect.js'
import { type Conversations, createConversations } from './conversations.js'
import { createNodeLegs, type NodeLegs } from './node-legs.js'
import { createPhoneLegs } from './phone-legs.js'

/** Joins two legs, and watches the nodes and phones at their far ends. */
export interface Connections {
  readonly connect: Connect
  readonly conversations: Conversations
  readonly nodeLegs: NodeLegs
  close(): void
}

export interface ConnectionsNeeds extends Pick<ConnectNeeds, 'domain' | 'activity' | 'userCalls' | 'onRefer'> {
  readonly parts: Pick<NodeParts, 'srf' | 'store' | 'directory' | 'registrar'>
  /** Every call that has begun and not ended. */
  readonly open: ReadonlySet<Call>
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

export function createConnections({ parts, open, ...needs }: ConnectionsNeeds): Connections {
  const nodeLegs = createNodeLegs({ ...parts, ...needs })
  const phoneLegs = createPhoneLegs({ ...parts, ...needs })
  const conversations = createConversations(open)
  return {
    connect: createConnect({ ...needs, registrar: parts.registrar, nodeLegs, phoneLegs, conversations }),
    conversations,
    nodeLegs,
    close() {
      nodeLegs.close()
      phoneLegs.close()
    },
  }
}
