// The rows of the commands `holdfast mcp …`.
import type { Command } from '../command.ts'

export const mcpCommands: readonly Command[] = []
