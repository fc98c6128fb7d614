// The steps of the keeper's own work at which a fault can be asked for, beside those of the kernel.
import { failpointNames } from '@holdfast/lifecycle'

/** A child runs and nobody was told; a frame is written and not answered; output is read and not sent. */
const keeperSteps = ['child.spawned', 'input.taken', 'output.read'] as const

type KeeperStep = (typeof keeperSteps)[number]

/** Called at a step; does nothing unless a fault was asked for there. */
export type KeeperFailpoint = (name: KeeperStep) => void

/** Every name that HOLDFAST_KEEPER_FAILPOINTS may have. */
export const keeperFailpointNames: readonly string[] = [...failpointNames, ...keeperSteps]
