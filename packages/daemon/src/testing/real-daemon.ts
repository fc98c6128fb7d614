// The built daemon and keeper in a folder of their own, for tests of asks; ended, children and all, when the test is over.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  cancelAsk,
  createAsk,
  daemonDrain,
  daemonProcesses,
  getAsk,
  waitAsk,
  type Ask,
  type HeldProcess,
} from '@holdfast/protocol'
import { onTestFinished } from 'vitest'
import { Holdfast, root } from '../../../../tests/rig/holdfast.ts'
import { until } from '../../../../tests/rig/until.ts'
import { linkTo, type TestLink } from './daemon-link.ts'

export interface AskOptions {
  readonly agent?: string
  readonly session?: string
  readonly deadlineMs?: number
  readonly cancelOnExit?: boolean
  readonly project?: string
}

export interface Seen {
  readonly id: string
  readonly pid: number
  readonly text: string
}

let keys = 0

export class RealDaemon {
  readonly holdfast = new Holdfast({ isOwnFinish: true })
  readonly project = this.holdfast.project
  readonly seenFile = join(this.holdfast.home, 'seen')
  readonly #links: TestLink[] = []

  constructor() {
    onTestFinished(() => this.#finish(), 120_000)
  }

  /** Fixture agents by name: `{ counts: 'acp-counts-prompts' }`, each with the file that counts prompts. */
  configure(fixtures: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}, more = {}): void {
    const agents = Object.entries(fixtures).map(([name, fixture]) => {
      const args = ['--disable-warning=ExperimentalWarning', join(root, 'tests/fixtures', `${fixture}.ts`)]
      return [name, { command: process.execPath, args, env: { SEEN_FILE: this.seenFile, ...env }, ...more }]
    })
    this.holdfast.writeConfig({ agents: Object.fromEntries(agents) })
  }

  async link(): Promise<TestLink> {
    const link = await linkTo(this.holdfast.environment(), this.project)
    this.#links.push(link)
    return link
  }

  async create(link: TestLink, prompt: string, options: AskOptions = {}): Promise<Ask> {
    const { agent = 'guide', project = this.project, ...rest } = options
    const params = { agent, project, prompt, dedupeKey: `test-${(keys += 1)}`, ...rest }
    return link.client.request(createAsk, params, { isIdempotent: true })
  }

  wait(link: TestLink, id: string): Promise<Ask> {
    return link.client.request(waitAsk, { id }, { isIdempotent: true })
  }

  get(link: TestLink, id: string): Promise<Ask> {
    return link.client.request(getAsk, { id }, { isIdempotent: true })
  }

  cancel(link: TestLink, id: string): Promise<Ask> {
    return link.client.request(cancelAsk, { id }, { isIdempotent: true })
  }

  async ask(link: TestLink, prompt: string, options: AskOptions = {}): Promise<Ask> {
    const { id } = await this.create(link, prompt, options)
    return this.wait(link, id)
  }

  async running(link: TestLink, id: string): Promise<void> {
    await until(`${id} runs`, async () => (await this.get(link, id)).state !== 'queued')
  }

  /** What the fixture agents saw. */
  seen(): Seen[] {
    if (!existsSync(this.seenFile)) return []
    const lines = readFileSync(this.seenFile, 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Seen)
  }

  async agents(link: TestLink): Promise<HeldProcess[]> {
    const { processes } = await link.client.request(daemonProcesses, {}, { isIdempotent: true })
    return processes.filter(({ kind }) => kind === 'agent')
  }

  pid(role: 'daemon' | 'keeper'): number {
    const record = this.holdfast.record(role)
    if (record === null) throw new Error(`no ${role} runs`)
    return record.identity.pid
  }

  /** As the out-of-memory killer would. Resolves when it is gone. */
  async kill(role: 'daemon' | 'keeper'): Promise<void> {
    const pid = this.pid(role)
    process.kill(pid, 'SIGKILL')
    await until(`${role} ${pid} is gone`, () => this.holdfast.processes().every((each) => each.pid !== pid))
  }

  async #finish(): Promise<void> {
    const last = await this.link()
    const params = { reason: 'the test is over', children: true, deadlineMs: 20_000 }
    await last.client.request(daemonDrain, params).catch(() => undefined)
    for (const { client } of this.#links) client.close()
    await until('everything has ended', () => this.holdfast.processes().length === 0, 20_000).catch(() => undefined)
    await this.holdfast.finish()
  }
}
