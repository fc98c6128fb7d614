// The id and the progress token that a server sees carry their own way back: `<downstream>|<JSON of the host's own>`. A daemon
// that never saw a request can therefore deliver its reply, and 1 is not "1".

/** The daemon's own requests. No downstream may have this name. */
export const OWN = 'holdfast'

const downstreamPattern = /^[A-Za-z0-9_-]{1,64}$/

export function isDownstreamId(id: string): boolean {
  return downstreamPattern.test(id) && id !== OWN
}

export interface Route {
  readonly downstream: string
  /** JSON text, as the host wrote it. */
  readonly original: string
}

/** The tag of a request at the keeper, and (as a JSON string) its id at the server. */
export function upstreamTag(downstream: string, original: string): string {
  return `${downstream}|${original}`
}

/** Reads an id or token as a server wrote it back (it may have escaped it in its own way); null when it is none of ours. */
export function routeOf(idText: string): Route | null {
  if (!idText.startsWith('"')) return null
  const tag: unknown = JSON.parse(idText)
  return typeof tag === 'string' ? routeOfTag(tag) : null
}

export function routeOfTag(tag: string): Route | null {
  const bar = tag.indexOf('|')
  return bar <= 0 ? null : { downstream: tag.slice(0, bar), original: tag.slice(bar + 1) }
}
