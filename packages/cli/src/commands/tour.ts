// `holdfast tour`: everything once, on real processes, with the commands that do it. Leaves the daemon running.
import { realpathSync } from 'node:fs'
import { ensureFolders } from '@holdfast/lifecycle'
import type { Agent, Ask, McpServer, Status } from '@holdfast/protocol'
import type { Context, Run } from '../command.ts'
import { foldersOf } from '../daemon-link.ts'
import { cut } from '../render/table.ts'
import { killWhileAnswering, slowPrompt, type KillReport } from '../tour/kill.ts'
import { prepareScene } from '../tour/scene.ts'
import { runSelf } from '../tour/self.ts'

const question = 'What is a keeper?'
const search = ['mcp', 'call', 'docs.search_docs', 'query=what a daemon is', 'limit=1'] as const

export const run: Run = async (context) => {
  const { scope, env, out } = context
  const folders = foldersOf(scope, env)
  ensureFolders(folders, process.getuid?.() ?? 0)
  const tour = new Tour(context, realpathSync(prepareScene(folders)))
  tour.say('', 'Holdfast, on real processes. Each line that begins with $ can be run by hand.')
  const daemon = await tour.daemon()
  const machine = await tour.machine()
  const asked = await tour.ask(machine.agents)
  const called = await tour.call()
  const survived = await tour.kill()
  tour.next()
  if (out.json) out.result({ ok: true, daemon, ...machine, asked, called, survived }, () => '')
}

class Tour {
  readonly #context: Context
  /** The tour's own project. */
  readonly #folder: string
  #step = 0

  constructor(context: Context, folder: string) {
    this.#context = context
    this.#folder = folder
  }

  say(...lines: readonly string[]): void {
    const { out } = this.#context
    if (!out.json) void out.raw(`${lines.join('\n')}\n`)
  }

  async daemon(): Promise<unknown> {
    this.#title('The daemon: started when something needs it, one for you', 'holdfast up')
    const up = JSON.parse(await this.#run('up', '--json')) as {
      started: boolean
      reason: string
      daemon: NonNullable<Status['daemon']>
    }
    const { pid, epoch } = up.daemon
    this.say(`   pid ${pid}, epoch ${epoch} (${up.started ? 'started now' : 'it was running'})`)
    return up
  }

  async machine(): Promise<{ agents: Agent[]; servers: McpServer[] }> {
    const { directory } = this.#context
    this.#title('What is on this machine', 'holdfast agents', 'holdfast mcp list')
    const { agents } = JSON.parse(await this.#run('agents', '--json', '--project', directory)) as { agents: Agent[] }
    const { servers } = JSON.parse(await this.#run('mcp', 'list', '--json', '--project', directory)) as {
      servers: McpServer[]
    }
    for (const { name, ready, version, why } of agents) {
      this.say(
        `   ${name.padEnd(10)} ${ready ? `ready${version === null ? '' : `, ${version}`}` : cut(`not ready: ${why ?? ''}`, 90)}`,
      )
    }
    this.say(
      servers.length === 0
        ? '   no MCP server is configured yet'
        : `   MCP servers: ${servers.map(({ name }) => name).join(', ')}`,
    )
    return { agents, servers }
  }

  /** The first ready agent that is not the guide, else the guide. */
  async ask(agents: readonly Agent[]): Promise<Ask> {
    const agent = agents.find(({ name, ready }) => ready && name !== 'guide')?.name ?? 'guide'
    const other = agent === 'guide' ? null : await this.#askOther(agent)
    if (other !== null) return other
    this.#title('An ask: accepted means answered', `holdfast ask guide "${question}"`)
    return this.#showAnswer(JSON.parse(await this.#run('ask', 'guide', question, '--json')) as Ask)
  }

  /** Null when it gave no answer; the guide is asked then. */
  async #askOther(agent: string): Promise<Ask | null> {
    const prompt = 'Answer in one short sentence: what can you do?'
    this.#title('An ask: accepted means answered', `holdfast ask ${agent} "${prompt}" --deadline 20s`)
    try {
      return this.#showAnswer(JSON.parse(await this.#run('ask', agent, prompt, '--deadline', '20s', '--json')) as Ask)
    } catch (error) {
      this.say(
        `   ${agent} gave no answer (${cut(error instanceof Error ? error.message : String(error), 100)}); the guide will`,
      )
      return null
    }
  }

  #showAnswer(ask: Ask): Ask {
    const lines = (ask.reply ?? '').split('\n').filter((line) => line.trim() !== '')
    this.say(`   ask ${ask.id}: ${ask.state}`, ...lines.slice(0, 4).map((line) => `   | ${cut(line, 96)}`))
    if (lines.length > 4) this.say(`   | ... (${lines.length - 4} more)`)
    return ask
  }

  async call(): Promise<unknown> {
    this.#title(
      'An MCP tool, on a server that is started on first use and kept',
      `cd ${this.#folder}   # its holdfast.json names the server "docs"`,
      `holdfast ${search.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ')}`,
    )
    const result: unknown = JSON.parse(await this.#run(...search, '--json'))
    const text = textOf(result)
    this.say(
      ...text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .slice(0, 3)
        .map((line) => `   | ${cut(line, 96)}`),
    )
    return result
  }

  async kill(): Promise<KillReport> {
    this.#title('kill -9 the daemon while it works', `holdfast ask guide "${slowPrompt}" --stream`)
    const { out } = this.#context
    let atLineStart = true
    const show = (text: string): void => {
      if (out.json) return
      for (const part of text.split(/(?<=\n)/)) {
        void out.raw(`${atLineStart ? '   | ' : ''}${part}`)
        atLineStart = part.endsWith('\n')
      }
    }
    const report = await killWhileAnswering(this.#context, this.#folder, {
      onText: show,
      onKill: (pid) => {
        this.say(`${atLineStart ? '' : '\n'}   $ kill -9 ${pid}      <- the daemon, in the middle of that answer`)
        atLineStart = true
      },
    })
    const { daemonBefore, daemonAfter, agentBefore, agentAfter, isSameAgent } = report
    this.say(
      '',
      `   daemon: pid ${daemonBefore.pid} (epoch ${daemonBefore.epoch}) is dead; pid ${daemonAfter.pid} (epoch ${daemonAfter.epoch}) carried on`,
      `   agent:  pid ${agentBefore ?? '?'} before, pid ${agentAfter ?? '?'} after: ${isSameAgent ? 'the same process, it noticed nothing' : 'NOT the same'}`,
    )
    return report
  }

  next(): void {
    this.say(
      '',
      'The daemon is left running. What to try next:',
      '   holdfast status                      how it stands',
      '   holdfast ask guide "How do I add an agent?"',
      '   holdfast ps                          every process it holds',
      '   holdfast help                        all commands',
      '   holdfast down --all                  stop everything',
    )
  }

  #title(text: string, ...lines: readonly string[]): void {
    const { out } = this.#context
    this.#step += 1
    this.say(
      '',
      out.paint('bold', `${this.#step}. ${text}`),
      ...lines.map((line) => `   ${out.paint('cyan', `$ ${line}`)}`),
    )
  }

  #run(...args: readonly string[]): Promise<string> {
    return runSelf(this.#context, { args, directory: this.#folder })
  }
}

function textOf(result: unknown): string {
  if (typeof result !== 'object' || result === null || !('content' in result) || !Array.isArray(result.content))
    return ''
  const parts: unknown[] = result.content
  return parts
    .flatMap((part) => (typeof part === 'object' && part !== null && 'text' in part ? [String(part.text)] : []))
    .join('\n')
}
