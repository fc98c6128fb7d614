// Runs only under a Node that is too old: finds a newer one ($HOLDFAST_NODE, or a `node` or `node-<os>-<arch>` package
// beside this one) and carries on under it; else says which Node this is, which is needed, and the command to get one.
// Written for Node 12: no newer syntax, no `node:` names.
import { spawn, spawnSync } from 'child_process'
import { existsSync, realpathSync } from 'fs'
import { constants } from 'os'
import { dirname, join } from 'path'

const self = realpathSync(process.argv[1])
const packageName = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

function candidates() {
  const found = []
  for (let folder = dirname(self); folder !== dirname(folder); folder = dirname(folder)) {
    found.push(join(folder, 'node_modules', packageName, 'bin/node'), join(folder, 'node_modules/node/bin/node'))
  }
  return found.filter((path) => existsSync(path))
}

function versionOf(path) {
  const asked = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return asked.status === 0 ? asked.stdout.trim() : null
}

function installCommand() {
  const root = dirname(dirname(self))
  const beside = dirname(root)
  if (!beside.endsWith('node_modules')) return `npm install --no-save --prefix ${dirname(beside)} ${packageName}@24`
  if (dirname(beside).endsWith('/lib')) return `npm install --global ${packageName}@24`
  return `npm install --prefix ${dirname(beside)} ${packageName}@24`
}

function refuse(reason, required) {
  const lines = [
    `holdfast: ${reason}`,
    `  this is Node ${process.version} (${process.execPath}); Node ${required.join('.')} or later is needed`,
    `  fix: ${installCommand()}`,
    '       or set HOLDFAST_NODE to the path of a newer node',
  ]
  process.stderr.write(`${lines.join('\n')}\n`, () => process.exit(5))
}

function choose(required, atLeast) {
  const named = process.env.HOLDFAST_NODE
  if (named) {
    const version = versionOf(named)
    if (version !== null && atLeast(version)) return named
    refuse(
      `HOLDFAST_NODE=${named} ${version === null ? 'cannot be run' : `is Node ${version}, which is too old`}`,
      required,
    )
    return null
  }
  const fit = candidates().find((path) => {
    const version = versionOf(path)
    return version !== null && atLeast(version)
  })
  if (!fit) refuse('this Node is too old', required)
  return fit || null
}

/** The lifeline (descriptor 3) ends when this process does, however it does: the one underneath then stops as well. */
export function carryOn(required, atLeast) {
  const node = choose(required, atLeast)
  if (!node) return
  const child = spawn(node, [self, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, HOLDFAST_LIFELINE: '3' },
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const pass = (signal) => child.kill(signal)
  for (const signal of signals) process.on(signal, pass)
  child.stdio[3].on('error', () => {
    // EPIPE and ECONNRESET: the other end is gone, and the exit that follows says why.
  })
  child.on('error', (error) => refuse(`${node} cannot be run (${error.message})`, required))
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal])
  })
}
