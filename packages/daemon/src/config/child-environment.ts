// The whole environment of a child. Nothing is inherited but what every program needs and what leads back to this daemon;
// the tag is how a child is found again when all else is lost.
import { DaemonError } from '../errors.ts'
import { expandVariables } from './expand-variables.ts'

type Variables = Readonly<Record<string, string | undefined>>

const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TERM',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_CACHE_HOME',
  // So that an agent's own `holdfast ...` reaches the daemon that holds it.
  'HOLDFAST_HOME',
  'HOLDFAST_SCOPE',
] as const

export interface ChildEnvironmentOptions {
  /** As configured, with its references. */
  readonly configured: Readonly<Record<string, string>>
  /** `<scope>/<child id>`. */
  readonly tag: string
  /** Tells the children of two homes apart that both have a scope of that name. */
  readonly stateFolder: string
  /** The daemon's own variables. */
  readonly own: Variables
  /** What is being configured, for messages: `agents.codex`. */
  readonly path: string
}

/** Throws `config-invalid` for a reference to a variable that the daemon does not have. */
export function childEnvironment({
  configured,
  tag,
  stateFolder,
  own,
  path,
}: ChildEnvironmentOptions): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of inherited) {
    const value = own[name]
    if (value !== undefined) environment[name] = value
  }
  for (const [name, text] of Object.entries(configured)) {
    environment[name] = expandConfigured(text, own, `${path}.env.${name}`)
  }
  environment['HOLDFAST_CHILD'] = tag
  environment['HOLDFAST_STATE'] = stateFolder
  return environment
}

/** One configured text with its references replaced. Throws `config-invalid`. */
export function expandConfigured(text: string, own: Variables, path: string): string {
  const { text: expanded, missing } = expandVariables(text, own)
  const [first] = missing
  if (first === undefined) return expanded
  throw new DaemonError('config-invalid', `"${path}" refers to \${${first}}, which is not set for the daemon`, {
    hint: `Write a default, \${${first}:-...}, or the value itself: the daemon keeps only a small environment of its own.`,
  })
}
