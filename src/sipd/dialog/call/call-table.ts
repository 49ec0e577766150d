/** What both call machines are made of: states down, inputs across, each cell the next state and what to do. */
export type CallTable<State extends string, Input extends string, Action extends string> = {
  readonly [state in State]: { readonly [input in Input]?: readonly [next: State, ...actions: Action[]] }
}

/** A call's place in its table. */
export interface CallMachine<State extends string, Input extends string, Action extends string> {
  readonly state: State
  /** An input that the state does not know is absorbed; answers whether it was known. */
  feed(input: Input): boolean
  perform: (action: Action) => void
}

export function createCallMachine<State extends string, Input extends string, Action extends string>(
  table: CallTable<State, Input, Action>,
  first: State,
): CallMachine<State, Input, Action> {
  let state = first
  const machine: CallMachine<State, Input, Action> = {
    get state() {
      return state
    },
    feed(input) {
      const cell = table[state][input]
      if (!cell) return false
      state = cell[0]
      for (let at = 1; at < cell.length; at += 1) machine.perform(cell[at] as Action)
      return true
    },
    perform: () => undefined,
  }
  return machine
}
