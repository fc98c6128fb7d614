// The row of `holdfast agent guide`.
import type { Command } from '../command.ts'

export const guideCommands: readonly Command[] = []
