/** The lines that differ, in order: `- before`, `+ after`; by the longest common subsequence. */
export function lineChanges(before: string, after: string): string {
  const [old, young] = [before.split('\n'), after.split('\n')]
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(young.length + 1))
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0
  for (let row = old.length - 1; row >= 0; row -= 1)
    for (let column = young.length - 1; column >= 0; column -= 1) {
      const length = old[row] === young[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1))
      lengths[row]?.fill(length, column, column + 1)
    }
  const changes: string[] = []
  let [row, column] = [0, 0]
  while (row < old.length || column < young.length) {
    if (row < old.length && column < young.length && old[row] === young[column]) [row, column] = [row + 1, column + 1]
    else if (column >= young.length || (row < old.length && at(row + 1, column) >= at(row, column + 1))) changes.push(`- ${old[row++]}`)
    else changes.push(`+ ${young[column++]}`)
  }
  return `${changes.join('\n')}\n`
}
