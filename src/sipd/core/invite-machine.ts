/** What both call machines are made of: states down, inputs across, each cell the next state and what to do. */
export type CallTable<State extends string, Input extends string, Action extends string> = {
  readonly [state in State]: { readonly [input in Input]?: readonly [next: State, ...actions: Action[]] }
}

export interface CallMachine<State extends string> {
  state: State
}

/** One table and what its actions do. Answers whether the state knew the input; what it does not know is absorbed. */
export function createFeeder<State extends string, Input extends string, Action extends string, Machine extends CallMachine<State>>(
  table: CallTable<State, Input, Action>,
  actions: Readonly<Record<Action, (machine: Machine) => void>>,
): (machine: Machine, input: Input) => boolean {
  return (machine, input) => {
    const cell = table[machine.state][input]
    if (!cell) return false
    machine.state = cell[0]
    for (let at = 1; at < cell.length; at += 1) actions[cell[at] as Action](machine)
    return true
  }
}
