// Parsing by schema, with an error that says where the value is wrong.
import * as v from 'valibot'
import type { Schema } from './contract/method.ts'
import { protocolError } from './wire-error.ts'

/** What came in as `T`; throws `bad-params` or `bad-result`. */
export function parseBy<T>(schema: Schema<T>, raw: unknown, name: string, code: 'bad-params' | 'bad-result'): T {
  const parsed = v.safeParse(schema, raw)
  if (parsed.success) return parsed.output
  const what = code === 'bad-params' ? 'parameters' : 'answer'
  throw protocolError(code, `"${name}": bad ${what}: ${describeIssues(parsed.issues)}`)
}

/** The first problems of a value, each with its path. */
export function describeIssues(issues: readonly v.BaseIssue<unknown>[]): string {
  const lines = issues.slice(0, 3).map((issue) => {
    const path = v.getDotPath(issue)
    return path === null ? issue.message : `${path}: ${issue.message}`
  })
  return lines.join('; ')
}
