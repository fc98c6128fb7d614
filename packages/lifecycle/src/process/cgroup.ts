// cgroup v2, where the kernel lets us have one: the only fence that no process can leave by itself. It is a plus, never needed:
// every function works, and says so, where there is none.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../errors.ts'
import { thisSystem } from '../os/this-system.ts'

/** The folder of a control group that we made. */
export interface Cgroup {
  readonly folder: string
}

/** Where the version 2 hierarchy is mounted, from /proc/self/mountinfo. Pure. */
function unifiedMount(mountinfo: string): string | null {
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ')
    if (right.startsWith('cgroup2 ')) return left.split(' ')[4] ?? null
  }
  return null
}

/** The path of a process in the version 2 hierarchy, from /proc/<pid>/cgroup. Pure. */
function unifiedPath(text: string): string | null {
  const line = text.split('\n').find((each) => each.startsWith('0::'))
  return line === undefined ? null : line.slice(3)
}

/** Makes a control group beside our own and moves `pid` into it; null where that is not allowed. */
export function enterCgroup(name: string, pid: number): Cgroup | null {
  if (thisSystem.platform !== 'linux' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return null
  try {
    const mount = unifiedMount(readFileSync('/proc/self/mountinfo', 'utf8'))
    const path = unifiedPath(readFileSync('/proc/self/cgroup', 'utf8'))
    if (mount === null || path === null) return null
    const folder = join(mount, path, name)
    mkdirSync(folder)
    const cgroup = { folder }
    try {
      writeFileSync(join(folder, 'cgroup.procs'), String(pid))
      return cgroup
    } catch (error) {
      removeCgroup(cgroup)
      if (errnoOf(error) === undefined) throw error
      return null
    }
  } catch (error) {
    // Not delegated to us, not mounted, read-only, taken: then there is none.
    if (errnoOf(error) === undefined) throw error
    return null
  }
}

/** The pids in a control group; empty when it is gone. */
export function cgroupMembers(cgroup: Cgroup): Set<number> {
  try {
    const pids = readFileSync(join(cgroup.folder, 'cgroup.procs'), 'utf8').split('\n').map(Number)
    return new Set(pids.filter((pid) => pid > 1))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return new Set()
  }
}

/** Kills all that is in the group at once. False where the kernel cannot. */
export function killCgroup(cgroup: Cgroup): boolean {
  const file = join(cgroup.folder, 'cgroup.kill')
  if (!existsSync(file) || cgroupMembers(cgroup).has(process.pid)) return false
  try {
    writeFileSync(file, '1')
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

/** Removes an empty group. False when something is still in it. */
export function removeCgroup(cgroup: Cgroup): boolean {
  try {
    rmdirSync(cgroup.folder)
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return errnoOf(error) === 'ENOENT'
  }
}
