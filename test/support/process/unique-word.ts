/** Letters only: no test that looks for digits, such as a PIN, can find them here. */
export function uniqueWord(): string {
  return crypto
    .randomUUID()
    .replaceAll('-', '')
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '')
}
