/** `1 phone`, `2 phones`; for nouns with a regular plural. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
