export type Make = 'yealink' | 'snom' | 'grandstream' | 'poly' | 'fanvil' | 'gigaset' | 'cisco' | 'generic'

/** What the configuration of a phone depends on. */
export interface PhoneModel {
  readonly make: Make
  /** As its maker writes it: `T54W`; `''` if it is not known. */
  readonly name: string
  /** Models with the same template: `yealink`, `snom`, `grandstream`, `poly`, `fanvil`, `gigaset-n`, `gigaset-maxwell`, `cisco`, `generic`. */
  readonly family: string
  /** Programmable keys of the phone itself, on all pages and of both kinds. */
  readonly keys: number
  /** Keys of the first kind on a page. */
  readonly perPage: number
  /** Keys of a second kind, behind the others: MPK of Grandstream, function keys of Fanvil; null: it has one kind. */
  readonly second: { readonly keys: number; readonly perPage: number } | null
  /** How many expansion modules it takes, and the keys of each; null: it takes none. */
  readonly modules: { readonly count: number; readonly keys: number } | null
}
