/** Source or destination of a packet. */
export interface Address {
  readonly address: string
  readonly port: number
}

export function isSame(one: Address, other: Address): boolean {
  return one.port === other.port && one.address === other.address
}
