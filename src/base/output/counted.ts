/** `1 phone`, `2 phones`: of a noun that takes an s. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
