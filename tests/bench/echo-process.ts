// A bare echo of lines on a unix socket, in a process of its own: what no protocol can be faster than.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const program = `
require('node:net').createServer((socket) => socket.on('data', (bytes) => socket.write(bytes)).on('error', () => {}))
  .listen(process.argv[1], () => process.send('ready'))
process.on('disconnect', () => process.exit(0))`

export interface Echo {
  /** Sends a line and waits until it is back. */
  call(text: string): Promise<string>
  close(): void
}

/** Starts one that listens at `path`. */
export async function startEcho(path: string): Promise<Echo> {
  const child = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message')
  const socket = connect(path)
  await once(socket, 'connect')
  return echoOver(socket, child)
}

function echoOver(socket: Socket, child: ChildProcess): Echo {
  let rest = ''
  let wake: (line: string) => void = () => undefined
  socket.setEncoding('utf8').on('data', (text: string) => {
    rest += text
    const end = rest.indexOf('\n')
    if (end === -1) return
    const line = rest.slice(0, end)
    rest = rest.slice(end + 1)
    wake(line)
  })
  return {
    call: (text) =>
      new Promise((resolve) => {
        wake = resolve
        socket.write(`${text}\n`)
      }),
    close: () => {
      socket.destroy()
      child.disconnect()
    },
  }
}
