// What a method is: its name and the schemas of what goes in and what comes out. Both ends parse by it, nobody casts.
import type { BaseIssue, BaseSchema } from 'valibot'

export type Schema<T> = BaseSchema<unknown, T, BaseIssue<unknown>>

/** A request that is answered. */
export interface Method<P, R> {
  readonly kind: 'method'
  readonly name: string
  readonly params: Schema<P>
  readonly result: Schema<R>
}

/** A message that is not answered. */
export interface Notice<P> {
  readonly kind: 'notice'
  readonly name: string
  readonly params: Schema<P>
}

export function method<P, R>(name: string, params: Schema<P>, result: Schema<R>): Method<P, R> {
  return { kind: 'method', name, params, result }
}

export function notice<P>(name: string, params: Schema<P>): Notice<P> {
  return { kind: 'notice', name, params }
}
