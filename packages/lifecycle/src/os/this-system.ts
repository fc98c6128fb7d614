// The only branch on the platform.
import { darwin } from './darwin.ts'
import { linux } from './linux.ts'
import type { System } from './system.ts'
import { unsupported } from './unsupported.ts'

function choose(platform: NodeJS.Platform): System {
  if (platform === 'linux') return linux
  return platform === 'darwin' ? darwin : unsupported
}

/** The machine that this process runs on. */
export const thisSystem: System = choose(process.platform)
