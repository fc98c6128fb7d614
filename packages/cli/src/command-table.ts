// Every command, once: parsing, help, completion and the reference page all read this table.
import type { Command } from './command.ts'
import { docsServerCommands } from './docs-server/table.ts'
import { guideCommands } from './guide/table.ts'
import { mcpCommands } from './mcp/table.ts'

const duration = { label: 'DURATION', kind: 'duration' } as const
const count = { label: 'N', kind: 'count' } as const
const askId = { label: 'ID', says: 'the id that `ask` printed' } as const

const daemonCommands: readonly Command[] = [
  {
    words: ['up'],
    group: 'The daemon',
    summary: 'Start the daemon (no-op when it is healthy).',
    about: 'A daemon that is dead or does not answer is replaced; the processes that it ran are kept and adopted.',
    arguments: [],
    flags: [
      { name: 'foreground', says: 'be the daemon in this process, for service managers' },
      { name: 'owner', value: { label: 'APP', kind: 'name' }, says: 'live as long as an owner connection of this app' },
      { name: 'idle', value: duration, says: 'leave after this long without anything to do (0 = never)' },
      { name: 'force-rebind', says: 'take the scope over from a live owner (also HOLDFAST_FORCE_REBIND=1)' },
    ],
    examples: [
      { line: 'holdfast up', says: 'start it' },
      { line: 'holdfast up --json', says: 'the same, for scripts' },
    ],
    load: () => import('./commands/up.ts'),
  },
  {
    words: ['down'],
    group: 'The daemon',
    summary: 'Drain and stop the daemon; its children go on.',
    arguments: [],
    flags: [
      { name: 'all', says: 'end its children and the keeper as well' },
      { name: 'force', says: 'do not drain: end it at once, also when it does not answer' },
    ],
    examples: [
      { line: 'holdfast down', says: 'stop the daemon, keep agents and servers' },
      { line: 'holdfast down --all', says: 'stop everything' },
    ],
    load: () => import('./commands/down.ts'),
  },
  {
    words: ['restart'],
    group: 'The daemon',
    summary: 'Hand over to a new daemon, children untouched.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast restart', says: 'a fresh daemon, the same agents' }],
    load: () => import('./commands/restart.ts'),
  },
  {
    words: ['status'],
    group: 'The daemon',
    summary: 'Show the daemon, keeper, counts and how the last daemon ended.',
    about: 'Never starts a daemon.',
    arguments: [],
    flags: [],
    examples: [
      { line: 'holdfast status', says: 'at a glance' },
      { line: 'holdfast status --json', says: 'for scripts' },
    ],
    load: () => import('./commands/status.ts'),
  },
  {
    words: ['ps'],
    group: 'The daemon',
    summary: 'List every process held, with what it serves.',
    about: 'Starts the daemon when none runs; `holdfast sweep` and `holdfast status` do not.',
    arguments: [],
    flags: [{ name: 'all-scopes', says: 'of every scope that runs, not only this one' }],
    examples: [{ line: 'holdfast ps', says: 'pids, ages, memory' }],
    load: () => import('./commands/ps.ts'),
  },
  {
    words: ['logs'],
    group: 'The daemon',
    summary: 'Show the log of a child, the daemon or the keeper.',
    arguments: [{ label: 'NAME', says: '`daemon` (the default), `keeper`, or a child from `ps`', optional: true }],
    flags: [
      { name: 'follow', short: 'f', says: 'go on as it grows' },
      { name: 'lines', short: 'n', value: count, says: 'how many lines from the end (default 50)' },
    ],
    examples: [
      { line: 'holdfast logs', says: 'the last lines of the daemon' },
      { line: 'holdfast logs keeper -n 5', says: 'the last five of the keeper' },
    ],
    load: () => import('./commands/logs.ts'),
  },
  {
    words: ['events'],
    group: 'The daemon',
    summary: 'Show the durable events of this scope.',
    arguments: [],
    flags: [
      { name: 'follow', short: 'f', says: 'go on with what happens' },
      { name: 'since', value: { label: 'CURSOR', kind: 'count' }, says: 'begin after this cursor' },
    ],
    examples: [{ line: 'holdfast events --since 0', says: 'from the first that is kept' }],
    load: () => import('./commands/events.ts'),
  },
  {
    words: ['sweep'],
    group: 'The daemon',
    summary: 'Find leftovers of earlier runs, and end them with --yes.',
    about:
      'Lists what carries our tag or is a record or socket of ours, each with a verdict: live, adopted, orphan, stray, ' +
      'stale, foreign or unknown. Only orphans whose identity is proved are ever ended; a stray daemon or keeper does not hold ' +
      'its claim; stale files are replaced by whoever starts next.',
    arguments: [],
    flags: [
      { name: 'dry-run', says: 'only list (the default)' },
      { name: 'yes', says: 'end the orphans' },
    ],
    examples: [{ line: 'holdfast sweep', says: 'look, change nothing' }],
    load: () => import('./commands/sweep.ts'),
  },
]

const askCommands: readonly Command[] = [
  {
    words: ['ask'],
    group: 'Asks',
    summary: 'Ask an agent, and wait for the answer.',
    about:
      'Several agents (a,b) are asked at once. The id is printed as soon as the ask is accepted: from then on it reaches ' +
      'a final state, whatever happens to the daemon. Ctrl-C, or the death of this command, cancels an ask that it waits for.',
    arguments: [
      { label: 'AGENT', says: 'one agent, or several with commas between them; `agents` lists them' },
      { label: 'PROMPT', says: 'the question; `-` or nothing reads it from standard input', optional: true },
    ],
    flags: [
      { name: 'session', value: { label: 'NAME', kind: 'name' }, says: 'which conversation (default "main")' },
      { name: 'no-wait', says: 'print the id and leave; the ask goes on' },
      { name: 'stream', says: 'print the answer while it is written' },
      { name: 'deadline', value: duration, says: 'the ask expires after this long' },
    ],
    examples: [
      { line: 'holdfast ask guide "How do I add an agent?"', says: 'wait for the answer' },
      { line: 'holdfast ask guide "What is a keeper?" --no-wait', says: 'only get the id' },
      { line: 'git diff | holdfast ask guide -', says: 'the question from a pipe' },
    ],
    load: () => import('./commands/ask.ts'),
  },
  {
    words: ['asks'],
    group: 'Asks',
    summary: 'List the asks of this project.',
    arguments: [],
    flags: [
      { name: 'all', says: 'of every project' },
      { name: 'state', value: { label: 'STATE', kind: 'text' }, says: 'only in this state (several with commas)' },
      { name: 'limit', value: count, says: 'at most so many, newest first (default 20)' },
    ],
    examples: [{ line: 'holdfast asks --state queued,running', says: 'what is under way' }],
    load: () => import('./commands/asks.ts'),
  },
  {
    words: ['ask-status'],
    group: 'Asks',
    summary: 'Show one ask.',
    arguments: [askId],
    flags: [],
    examples: [],
    load: () => import('./commands/ask-status.ts'),
  },
  {
    words: ['reply'],
    group: 'Asks',
    summary: 'Print the answer of an ask that is done.',
    arguments: [askId],
    flags: [],
    examples: [],
    load: () => import('./commands/reply.ts'),
  },
  {
    words: ['wait'],
    group: 'Asks',
    summary: 'Wait until asks are final.',
    arguments: [{ ...askId, rest: true }],
    flags: [
      { name: 'any', says: 'until one of them is' },
      { name: 'all', says: 'until all of them are (the default)' },
      { name: 'quorum', value: count, says: 'until N of them are' },
    ],
    examples: [],
    load: () => import('./commands/wait.ts'),
  },
  {
    words: ['cancel'],
    group: 'Asks',
    summary: 'Cancel an ask.',
    arguments: [askId],
    flags: [],
    examples: [],
    load: () => import('./commands/cancel.ts'),
  },
  {
    words: ['agents'],
    group: 'Asks',
    summary: 'List the agents, configured and found, and why one is not ready.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast agents', says: 'whom you can ask' }],
    load: () => import('./commands/agents.ts'),
  },
]

const closerCommands: readonly Command[] = [
  {
    words: ['tour'],
    group: 'Looking closer',
    summary: 'See all of it work, on real processes, in twenty seconds.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast tour', says: 'leaves the daemon running' }],
    load: () => import('./commands/tour.ts'),
  },
  {
    words: ['config', 'show'],
    group: 'Looking closer',
    summary: 'Show the config that applies here, merged, with its problems.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast config show', says: 'what applies in this directory' }],
    load: () => import('./commands/config-show.ts'),
  },
  {
    words: ['config', 'path'],
    group: 'Looking closer',
    summary: 'Show which config files are read, in order.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast config path', says: 'where to write' }],
    load: () => import('./commands/config-path.ts'),
  },
  {
    words: ['config', 'check'],
    group: 'Looking closer',
    summary: 'Check the config files; exit code 1 when there are problems.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast config check', says: 'file, line and fix of each problem' }],
    load: () => import('./commands/config-check.ts'),
  },
  {
    words: ['config', 'schema'],
    group: 'Looking closer',
    summary: 'Print the JSON Schema of the config files.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast config schema', says: 'for an editor' }],
    load: () => import('./commands/config-schema.ts'),
  },
  {
    words: ['doctor'],
    group: 'Looking closer',
    summary: 'Check what Holdfast needs, with a fix for each thing that is wrong.',
    arguments: [],
    flags: [],
    examples: [{ line: 'holdfast doctor', says: 'what is wrong here' }],
    load: () => import('./commands/doctor.ts'),
  },
  {
    words: ['completion'],
    group: 'Looking closer',
    summary: 'Print a completion script for a shell.',
    arguments: [{ label: 'SHELL', says: 'bash, zsh or fish', oneOf: ['bash', 'zsh', 'fish'] }],
    flags: [],
    examples: [{ line: 'holdfast completion bash', says: 'source <(holdfast completion bash)' }],
    load: () => import('./commands/completion.ts'),
  },
  {
    words: ['help'],
    group: 'Looking closer',
    summary: 'Show what a command takes.',
    arguments: [{ label: 'COMMAND', says: 'the words of a command', optional: true, rest: true }],
    flags: [],
    examples: [{ line: 'holdfast help ask', says: 'the same as holdfast ask --help' }],
    load: () => import('./commands/help.ts'),
  },
]

export const commands: readonly Command[] = [
  ...daemonCommands,
  ...askCommands,
  ...guideCommands,
  ...mcpCommands,
  ...docsServerCommands,
  ...closerCommands,
]
