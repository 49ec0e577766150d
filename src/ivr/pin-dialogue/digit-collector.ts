import { Secret } from '../../base/secret.js'

/** Digits as they are typed. They leave as a Secret: what was typed may be a PIN. */
export interface DigitCollector {
  readonly count: number
  add(digit: string): void
  /** What was typed; the collector is empty afterwards. */
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
