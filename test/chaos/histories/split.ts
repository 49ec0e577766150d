import { isReplica, replaced, splitHistory } from '../stage/sentinel-stage.js'

const minority = ['redis-0', 'minority']

export const split = splitHistory(
  'split',
  'the primary and a node are cut off from all others; the others elect a new primary; the cut heals',
  async ({ redis, board, recovered }, { note }) => {
    note('the primary and a node are cut off')
    const before = await redis.primary()
    board.split(minority)
    await replaced(redis, before)
    await recovered('a', 'b')
    note('the cut heals')
    board.heal()
    await isReplica(before, redis)
    await recovered()
  },
)
