// What a user waits for at the command line, against the least that a Node program takes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Holdfast, signal } from '../../rig/holdfast.ts'
import { counterConfig, withHoldfast } from '../home.ts'
import { inTurns, samplesOf, timed, type Once } from '../measure.ts'
import { asNumber, asRatio, type Figure, type Row } from '../row.ts'

const CRASHES = 15

/** Started like the command, with pipes that are read. */
const emptyNode: Once = () => {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'pipe' })
  child.stdout.resume()
  child.stderr.resume()
  child.stdin.end()
  return once(child, 'close')
}

function warm(args: readonly string[], goal: number): () => Promise<Figure> {
  return () =>
    withHoldfast(async (holdfast) => {
      holdfast.writeConfig(counterConfig)
      await holdfast.up()
      await holdfast.json(args)
      return asRatio(await inTurns(() => holdfast.json(args), emptyNode, { turns: 25, warmUp: 3 }), goal)
    })
}

/** From nothing, neither daemon nor files, to the first answer. */
async function coldStart(): Promise<Figure> {
  const fresh = (): Holdfast => new Holdfast({ isOwnFinish: true })
  let holdfast = fresh()
  const compared = await inTurns(() => holdfast.up(), emptyNode, {
    turns: 15,
    warmUp: 2,
    afterEach: async () => {
      await holdfast.finish()
      holdfast = fresh()
    },
  })
  await holdfast.finish()
  return asRatio(compared, 5)
}

/** From the death of the daemon to an answer of the next one, with the start of the command that asks. */
function afterCrash(): Promise<Figure> {
  return withHoldfast(async (holdfast) => {
    const times: number[] = []
    const floors: number[] = []
    for (let left = CRASHES; left > 0; left--) {
      signal(await holdfast.up(), 'SIGKILL')
      times.push(await timed(() => holdfast.up()))
      floors.push(await timed(emptyNode))
    }
    const bound = { bound: 'at most', goal: 500, unit: 'ms' } as const
    return asNumber(samplesOf(times).p50, samplesOf(floors).p50, bound)
  })
}

export const commandRows: readonly Row[] = [
  { name: 'holdfast status, warm, against node -e 0', measure: warm(['status'], 2) },
  {
    name: 'holdfast mcp call, warm, against node -e 0',
    measure: warm(['mcp', 'call', 'counter.echo', 'key=hello'], 2.2),
  },
  { name: 'cold start to the first answer, against node -e 0', measure: coldStart },
  { name: 'crash of the daemon to the next answer', measure: afterCrash },
]
