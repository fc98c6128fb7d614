// The only reader of the process's environment in this package.

export interface CliEnvironment {
  /** Everything, for what must look further (folders, the daemon's start). */
  readonly all: Readonly<Record<string, string | undefined>>
  readonly scope: string | null
  readonly noColor: boolean
  readonly forceRebind: boolean
  /** A descriptor that ends when the process that started this one does. */
  readonly lifeline: number | null
}

export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): CliEnvironment {
  const { HOLDFAST_LIFELINE: lifeline, ...all } = source
  const descriptor = Number(lifeline)
  return {
    all,
    scope: all['HOLDFAST_SCOPE'] || null,
    noColor: Boolean(all['NO_COLOR']) || all['TERM'] === 'dumb',
    forceRebind: ['1', 'true', 'yes'].includes(all['HOLDFAST_FORCE_REBIND'] ?? ''),
    lifeline: Number.isInteger(descriptor) && descriptor > 2 ? descriptor : null,
  }
}
