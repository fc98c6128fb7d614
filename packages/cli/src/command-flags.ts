// The flags that every command takes.
import type { Flag } from './command.ts'

export const globalFlags: readonly Flag[] = [
  {
    name: 'scope',
    value: { label: 'NAME', kind: 'name' },
    says: 'which daemon (default: $HOLDFAST_SCOPE, else "default")',
  },
  {
    name: 'project',
    value: { label: 'DIR', kind: 'path' },
    says: 'the project to act for (default: the current directory)',
  },
  { name: 'json', says: 'one JSON document, or one per line for streams' },
  { name: 'quiet', short: 'q', says: 'no progress or remarks on standard error' },
  { name: 'timeout', value: { label: 'DURATION', kind: 'duration' }, says: 'give up after this long (exit code 7)' },
  { name: 'no-color', says: 'no colours (also NO_COLOR)' },
  { name: 'help', short: 'h', says: 'what a command takes' },
  { name: 'version', says: 'the version of this command' },
]
