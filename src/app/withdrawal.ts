import type { Membership } from '../directory/directory.js'
import type { Trunks } from '../trunks/trunks.js'

export interface WithdrawalNeeds {
  readonly trunks: Pick<Trunks, 'withdraw' | 'resume'>
  readonly membership: Pick<Membership, 'announce'>
}

/** What a node that takes no new calls leaves to the other nodes of its site: to be registered at the trunks. */
export interface Withdrawal {
  begin(): void
  end(): void
}

export function createWithdrawal({ trunks, membership }: WithdrawalNeeds): Withdrawal {
  return {
    begin() {
      membership.announce('draining')
      trunks.withdraw()
    },
    end() {
      membership.announce('open')
      trunks.resume()
    },
  }
}
