import { inspect } from 'node:util'

const mask = '[secret]'

/**
 * A PIN, password or key. Printing, JSON, template strings and `inspect` all give `[secret]`;
 * only `reveal()` gives the text, so that every use of it can be found by name.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  get length(): number {
    return this.#text.length
  }

  toString(): string {
    return mask
  }

  toJSON(): string {
    return mask
  }

  [Symbol.toPrimitive](): string {
    return mask
  }

  [inspect.custom](): string {
    return mask
  }
}
