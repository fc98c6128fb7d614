// "Did you mean": the nearest of some names, when one is near enough to be a slip.

/** Edits (insert, delete, replace, swap of neighbours) between two words. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= a.length; row++) {
    rows.push([row])
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      let best = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, replaced)
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (isSwap) best = Math.min(best, at(row - 2, column - 2) + 1)
      rows[row]?.push(best)
    }
  }
  return at(a.length, b.length)
}

/** The nearest of `known`, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null
  const allowed = word.length <= 3 ? 1 : word.length <= 7 ? 2 : 3
  let best: { name: string; edits: number } | null = null
  for (const name of known) {
    const edits = distance(word.toLowerCase(), name.toLowerCase())
    if (edits <= allowed && (best === null || edits < best.edits)) best = { name, edits }
  }
  if (best !== null) return best.name
  const beginning = known.filter((name) => word.length >= 3 && name.startsWith(word))
  return beginning.length === 1 ? (beginning[0] ?? null) : null
}

/** ` did you mean "x"?` or nothing, to end a sentence with. */
export function didYouMean(word: string, known: readonly string[]): string {
  const name = nearest(word, known)
  return name === null ? '' : `; did you mean "${name}"?`
}
