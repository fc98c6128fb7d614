// The link that keeps an owned daemon alive. Unarmed until the first owner connects; when the last one is gone a grace begins;
// a new one cancels it; at its end it fires, once. Any other client never matters. Clean quit, crash and SIGKILL of the owner
// all look the same here: its connection is gone (K27 to K29).
import type { Clock, Timer } from '../clock.ts'

export type LinkState = 'unarmed' | 'armed' | 'grace' | 'fired'
export type LinkEvent = 'owner-came' | 'last-owner-left' | 'grace-over'

const doorMs = 50

const transitions: Readonly<Record<LinkState, Readonly<Partial<Record<LinkEvent, LinkState>>>>> = {
  unarmed: { 'owner-came': 'armed' },
  armed: { 'last-owner-left': 'grace' },
  grace: { 'owner-came': 'armed', 'grace-over': 'fired' },
  fired: {},
}

/** The state after an event; one that does not fit changes nothing. */
export function nextLinkState(state: LinkState, event: LinkEvent): LinkState {
  return transitions[state][event] ?? state
}

/** Follows the owners of one daemon. `confirm` runs `decide` once whoever is already at the door has been let in. */
export class OwnerLink {
  private state: LinkState = 'unarmed'
  private owners = 0
  private timer: Timer | null = null
  private readonly options: {
    readonly clock: Clock
    readonly graceMs: number
    /** Whether a connection is there that has not said yet who it is. */
    isSomebodyAtTheDoor(): boolean
    confirm(decide: () => void): void
    fire(): void
  }

  constructor(options: OwnerLink['options']) {
    this.options = options
  }

  get current(): LinkState {
    return this.state
  }

  ownerCame(): void {
    this.owners += 1
    this.timer?.cancel()
    this.timer = null
    this.state = nextLinkState(this.state, 'owner-came')
  }

  ownerLeft(): void {
    this.owners -= 1
    if (this.owners > 0) return
    this.state = nextLinkState(this.state, 'last-owner-left')
    if (this.state !== 'grace') return
    this.wait(this.options.graceMs)
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = null
    this.state = 'fired'
  }

  private wait(ms: number): void {
    this.timer?.cancel()
    this.timer = this.options.clock.setTimer(ms, () => this.options.confirm(() => this.decide()))
  }

  /** The decision and the coming of an owner exclude each other: both happen in one turn of the loop. */
  private decide(): void {
    if (this.owners > 0 || this.state !== 'grace') return
    if (this.options.isSomebodyAtTheDoor()) return this.wait(doorMs)
    this.state = nextLinkState(this.state, 'grace-over')
    this.timer = null
    this.options.fire()
  }
}
