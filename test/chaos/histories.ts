import { callsNodeKilled } from './histories/calls-node-killed.js'
import { callsRedisFailover } from './histories/calls-redis-failover.js'
import { callsSiteCut } from './histories/calls-site-cut.js'
import { failoversInARow } from './histories/failovers-in-a-row.js'
import { nodeKilled } from './histories/node-killed.js'
import { plannedFailover } from './histories/planned-failover.js'
import { powerCut } from './histories/power-cut.js'
import { primaryKilled } from './histories/primary-killed.js'
import { primaryPaused } from './histories/primary-paused.js'
import { rollingRestart } from './histories/rolling-restart.js'
import { split } from './histories/split.js'
import type { History } from './history.js'

/** All of them, in the order of the table. */
export const histories: readonly History[] = [
  plannedFailover,
  failoversInARow,
  primaryKilled,
  primaryPaused,
  split,
  nodeKilled,
  powerCut,
  rollingRestart,
  callsNodeKilled,
  callsSiteCut,
  callsRedisFailover,
]
