// A daemon for tests that is killed again and again: sends the numbered frames that the keeper has not taken yet, in order.
// Arguments: socket, epoch, child, how many frames. Says "begun" once it has read what was taken.
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { silentLog } from '@holdfast/lifecycle'
import { KeeperConnection } from '../client/keeper-client.ts'

const atOnce = 20
const [path = '', epoch = '', child = '', count = ''] = process.argv.slice(2)

/** Every hundredth frame takes many writes to the socket. */
function frame(number: number): Buffer {
  return Buffer.from(`${number} ${'x'.repeat(number % 100 === 0 ? 50_000 : 10)}\n`)
}

const socket = createConnection(path)
await once(socket, 'connect')
const keeper = await KeeperConnection.open(socket, Number(epoch), silentLog)
const held = (await keeper.list()).find(({ id }) => id === child)
const taken = new Set(held?.openTags)
process.stdout.write('begun\n')

let next = 1
async function sendInTurn(): Promise<void> {
  while (next <= Number(count)) {
    const number = next
    next += 1
    if (!taken.has(String(number))) await keeper.input(child, String(number), frame(number))
  }
}
await Promise.all(Array.from({ length: atOnce }, sendInTurn))
keeper.close()
