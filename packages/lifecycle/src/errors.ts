// What can go wrong in the kernel, as a table; and how an errno is read.

/** The errno of a system error (`ENOENT`), or undefined when it has none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
