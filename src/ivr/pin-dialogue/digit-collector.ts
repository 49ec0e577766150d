import { Secret } from '../../base/secret.js'

/** Collects the digits of an entry. The entry is a Secret, because it may be a PIN. */
export interface DigitCollector {
  readonly count: number
  add(digit: string): void
  /** Returns the entry and clears the collector. */
  take(): Secret
  forget(): void
}

export function createDigitCollector(): DigitCollector {
  let digits = ''
  return {
    get count() {
      return digits.length
    },
    add(digit) {
      digits += digit
    },
    take() {
      const typed = new Secret(digits)
      digits = ''
      return typed
    },
    forget() {
      digits = ''
    },
  }
}
