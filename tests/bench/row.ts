// One line of the table: what was measured, and whether it meets its goal.
import type { Compared } from './measure.ts'

export interface Figure {
  readonly measured: string
  readonly floor: string
  readonly result: string
  readonly goal: string
  /** Null where there is no goal. */
  readonly isMet: boolean | null
}

export interface Row {
  readonly name: string
  measure(): Promise<Figure>
}

function time(ms: number): string {
  if (ms >= 100) return `${ms.toFixed(0)} ms`
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1000).toFixed(1)} us`
}

function both({ p50, min }: Compared['measured']): string {
  return `${time(p50)} (min ${time(min)})`
}

/** The goal is a multiple of the floor, p50 against p50. */
export function asRatio({ measured, floor }: Compared, goal: number): Figure {
  const ratio = measured.p50 / floor.p50
  return {
    measured: both(measured),
    floor: both(floor),
    result: `${ratio.toFixed(2)} x`,
    goal: `<= ${goal.toFixed(1)} x`,
    isMet: ratio <= goal,
  }
}

/** The goal is a time above the floor, p50 above p50. */
export function asDifference({ measured, floor }: Compared, goalMs: number | null): Figure {
  const difference = measured.p50 - floor.p50
  return {
    measured: both(measured),
    floor: both(floor),
    result: `+${time(difference)}`,
    goal: goalMs === null ? '' : `<= +${time(goalMs)}`,
    isMet: goalMs === null ? null : difference <= goalMs,
  }
}

interface Bound {
  readonly bound: 'at most' | 'at least'
  readonly goal: number
  readonly unit: string
}

/** The goal is a bound on a number by itself; the floor only tells what the machine can do at that moment. */
export function asNumber(value: number, floor: number, { bound, goal, unit }: Bound): Figure {
  const digits = goal < 10 ? 2 : 0
  return {
    measured: `${value.toFixed(digits)} ${unit}`,
    floor: `${floor.toFixed(digits)} ${unit}`,
    result: '',
    goal: `${bound === 'at most' ? '<=' : '>='} ${goal} ${unit}`,
    isMet: bound === 'at most' ? value <= goal : value >= goal,
  }
}
