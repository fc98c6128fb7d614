// What a process that carries our tag is to us. Pure. Unknown is never read as dead: only what is proved to be nobody's is
// an orphan.

type Verdict = 'live' | 'adopted' | 'orphan' | 'stale' | 'stray' | 'foreign' | 'unknown'

export interface Tagged {
  readonly pid: number
  readonly ppid: number
  /** `<scope>/<child id>`. */
  readonly tag: string
  /** The state folder of the daemon that it belongs to (HOLDFAST_STATE); null when it does not say. */
  readonly state: string | null
}

export interface Scope {
  readonly name: string
  readonly stateFolder: string
  /** Whether the process that its keeper's record names lives; `dead` also when there is no keeper. */
  readonly keeper: { readonly kind: 'alive'; readonly pid: number } | { readonly kind: 'dead' | 'unknown' }
  /** Whether a daemon serves it. */
  readonly isServed: boolean
}

export interface World {
  readonly scopes: readonly Scope[]
  readonly tagged: readonly Tagged[]
}

export interface Judged {
  readonly verdict: Verdict
  readonly why: string
}

export function judgeProcess(found: Tagged, { scopes, tagged }: World): Judged {
  const name = found.tag.slice(0, found.tag.indexOf('/'))
  if (found.state === null) return { verdict: 'unknown', why: 'it does not say which state folder it belongs to' }
  const scope = scopes.find((each) => each.name === name && each.stateFolder === found.state)
  if (scope === undefined) return { verdict: 'foreign', why: `it belongs to ${found.state}` }
  const { keeper } = scope
  if (keeper.kind === 'unknown') return { verdict: 'unknown', why: 'whether its keeper lives cannot be told' }
  if (keeper.kind !== 'alive') return { verdict: 'orphan', why: 'its keeper is gone' }
  const isHeld = tagged.some((each) => each.tag === found.tag && each.state === found.state && each.ppid === keeper.pid)
  if (!isHeld) return { verdict: 'orphan', why: 'the child that it came from has ended' }
  if (scope.isServed) return { verdict: 'live', why: `held by keeper ${keeper.pid}` }
  return { verdict: 'adopted', why: `held by keeper ${keeper.pid}; the next daemon takes it over` }
}

/** Of a daemon or keeper of a scope of ours: whether it holds the claim of its role. */
export function judgeProgram(holds: boolean | 'unknown'): Judged {
  if (holds === true) return { verdict: 'live', why: 'it holds the claim' }
  if (holds === 'unknown') return { verdict: 'unknown', why: 'whether it holds the claim cannot be told' }
  return { verdict: 'stray', why: 'it does not hold the claim: it is about to start or to leave, or stuck' }
}

/** Of a record or socket: `holder` is the process that it names, as far as that can be told. */
export function judgeFile(holder: 'alive' | 'dead' | 'unknown'): Judged {
  if (holder === 'alive') return { verdict: 'live', why: 'its process lives' }
  if (holder === 'unknown') return { verdict: 'unknown', why: 'whether its process lives cannot be told' }
  return { verdict: 'stale', why: 'its process is gone; the next one replaces it' }
}
